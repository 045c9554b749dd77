"""Registration of the shared app with Django."""

from django.apps import AppConfig


class SharedConfig(AppConfig):
    name = "coopcrm.shared"
    label = "shared"
    default_auto_field = "django.db.models.BigAutoField"
