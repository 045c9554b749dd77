"""Addresses of reminders."""

from django.urls import path

from customers.reminders import views

urlpatterns = [
    path("reminders/", views.reminders, name="reminders"),
    path("reminders/<slug:source>/", views.figures, name="reminder"),
]
