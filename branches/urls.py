"""Addresses of units, areas and staff."""

from django.urls import path

from branches.views import areas, staff, units

app_name = "branches"

urlpatterns = [
    path("units/", units.units, name="units"),
    path("units/<int:pk>/", units.unit, name="unit"),
    path("areas/", areas.areas, name="areas"),
    path("areas/<int:pk>/", areas.area, name="area"),
    path("staff/", staff.staff, name="staff"),
    path("staff/<int:pk>/", staff.member, name="member"),
]
