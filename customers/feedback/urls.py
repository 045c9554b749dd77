"""Addresses of ratings: the public page under ``say/``, and the pages of staff."""

from django.urls import path

from customers.feedback import public, views

urlpatterns = [
    path("say/thanks/", public.thanks, name="feedback-thanks"),
    path("say/<slug:token>/", public.answer, name="feedback-answer"),
    path("feedback/", views.opinions, name="feedback"),
    path("feedback/asking/", views.asking, name="feedback-asking"),
    path("feedback/<slug:code>/<int:key>/slip/", views.invite, name="feedback-invite"),
]
