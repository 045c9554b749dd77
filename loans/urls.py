"""Addresses of the banking book."""

from django.urls import path

from loans import views

app_name = "loans"
urlpatterns = [
    path("loans/", views.loan_list, name="list"),
    path("loans/provisions/", views.provisions, name="provisions"),
    path("loans/<int:pk>/", views.loan_page, name="loan"),
]
