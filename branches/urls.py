"""Addresses of units, areas and staff."""

from django.urls import path

from branches import views

app_name = "branches"

urlpatterns = [
    path("units/", views.units, name="units"),
    path("units/<int:pk>/", views.unit, name="unit"),
    path("areas/", views.areas, name="areas"),
    path("areas/<int:pk>/", views.area, name="area"),
    path("staff/", views.staff, name="staff"),
    path("staff/<int:pk>/", views.member, name="member"),
]
