"""Addresses of segments and campaigns."""

from django.urls import path

from customers.campaigns import views

urlpatterns = [
    path("segments/", views.segment_list, name="segments"),
    path("segments/new/", views.new_segment, name="new-segment"),
    path("segments/<int:pk>/", views.segment, name="segment"),
    path("segments/<int:pk>/count/", views.count_now, name="segment-count"),
    path("segments/<int:pk>/end/", views.end_segment, name="segment-end"),
    path("campaigns/", views.campaign_list, name="campaigns"),
    path("campaigns/new/", views.new_campaign, name="new-campaign"),
    path("campaigns/<int:pk>/", views.campaign, name="campaign"),
    path("campaigns/<int:pk>/start/", views.start, name="campaign-start"),
    path("campaigns/<int:pk>/stop/", views.stop, name="campaign-stop"),
    path("campaigns/<int:pk>/extend/", views.extend, name="campaign-extend"),
    path("campaigns/<int:pk>/work/", views.work, name="campaign-work"),
    path("campaigns/people/<int:pk>/outcome/", views.outcome, name="campaign-outcome"),
]
