"""Addresses of tasks."""

from django.urls import path

from customers.tasks import views

urlpatterns = [
    path("tasks/", views.tasks, name="tasks"),
    path("tasks/together/", views.bulk, name="tasks-together"),
    path("tasks/new/", views.new_task, name="new-task"),
    path("tasks/<int:pk>/", views.task, name="task"),
    path("tasks/<int:pk>/done/", views.finish, name="task-done"),
    path("tasks/<int:pk>/drop/", views.drop, name="task-drop"),
    path("tasks/<int:pk>/snooze/", views.snooze, name="task-snooze"),
    path("tasks/<int:pk>/give/", views.give, name="task-give"),
    path("tasks/<int:pk>/undo/", views.undo, name="task-undo"),
]
