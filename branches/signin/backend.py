"""Whose password opens at all."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.backends import ModelBackend

from branches.models import StaffMember

WHO = "SELECT * FROM branches_staffmember WHERE id = %s"
"""Whose session it is: asked by every request, so it is written out and not built anew each time."""


class StaffBackend(ModelBackend):
    """Active staff; people of a demonstration only where one is shown."""

    def get_user(self, user_id: int) -> StaffMember | None:
        staff = next(iter(StaffMember.objects.raw(WHO, [user_id])), None)
        return staff if staff is not None and self.user_can_authenticate(staff) else None

    def user_can_authenticate(self, user) -> bool:
        return super().user_can_authenticate(user) and (settings.DEMONSTRATION or not user.is_demonstration)
