"""Addresses of merges: ids alone."""

from django.urls import path

from customers.merging import views

urlpatterns = [
    path("merges/", views.merges, name="merges"),
    path("merges/new/", views.new_merge, name="new-merge"),
    path("merges/<int:pk>/", views.merge_page, name="merge"),
    path("merges/<int:pk>/undo/", views.undo, name="undo-merge"),
]
