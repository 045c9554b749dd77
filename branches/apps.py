"""Registration of the app with Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BranchesConfig(AppConfig):
    name = "branches"
    verbose_name = _("Units and staff")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from branches import appointments, lists  # noqa: F401 - register proposals and the orders they do
        from branches.models import SecondFactorSecret, Session
        from branches.signin import lost_factor, receivers  # noqa: F401 - they register and connect themselves
        from coopcrm.shared import rotation

        rotation.register(SecondFactorSecret, "secret", lambda row, text: {})
        rotation.register(Session, "data", lambda row, text: {})
        from branches.exports import organisation  # noqa: F401 - registers lists to take out
