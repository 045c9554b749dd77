"""Addresses of ratings, contribution and tiers."""

from django.urls import path

from ratings import views

app_name = "ratings"
urlpatterns = [
    path("ratings/", views.rating_list, name="list"),
    path("ratings/<int:pk>/", views.rating_page, name="rating"),
    path("households/<int:pk>/rate/", views.rate_now, name="rate-now"),
    path("rules/", views.rules, name="rules"),
    path("rules/<slug:code>/", views.rules, name="rules"),
    path("tiers/", views.tier_list, name="tiers"),
]
