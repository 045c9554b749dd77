"""Addresses of the help."""

from django.urls import path

from branches.training import views

app_name = "help"

urlpatterns = [
    path("", views.help_page, name="index"),
    path("rules/", views.rules, name="rules"),
    path("first-day/", views.first_day, name="first-day"),
    path("first-day/<slug:code>/", views.step, name="first-day-step"),
    path("quiz/", views.quiz, name="quiz"),
    path("quiz/<int:pk>/", views.quiz_result, name="quiz-result"),
    path("training/", views.training, name="training"),
]
