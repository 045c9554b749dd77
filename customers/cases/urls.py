"""Addresses of complaints and requests."""

from django.urls import path

from customers.cases import views

urlpatterns = [
    path("cases/", views.cases, name="cases"),
    path("cases/new/", views.new_case, name="new-case"),
    path("cases/figures/", views.figures, name="case-figures"),
    path("cases/<int:pk>/", views.case, name="case"),
    path("cases/<int:pk>/letter/", views.letter, name="case-letter"),
    path("cases/<int:pk>/answer/", views.answer, name="case-answer"),
    path("cases/<int:pk>/told/", views.told, name="case-told"),
    path("cases/<int:pk>/give/", views.give, name="case-give"),
    path("cases/<int:pk>/reopen/", views.reopen, name="case-reopen"),
    path("cases/<int:pk>/note/", views.note, name="case-note"),
]
