"""What sign-in stands on: registered devices and the sessions that are open."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from branches.choices import DeviceKind
from branches.models.units import Unit
from coopcrm.shared.classification import classes
from coopcrm.shared.fields import SealedField, SealedRow


class Device(models.Model):
    """A counter's or a field worker's browser that the director has registered; its key is kept as a digest."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="devices")
    kind = models.CharField(_("kind"), max_length=10, choices=DeviceKind)
    name = models.CharField(_("name"), max_length=60)
    key_digest = models.BinaryField(max_length=32, unique=True, editable=False)
    registered_at = models.DateTimeField(_("registered at"), auto_now_add=True)
    registered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    classification = classes(C1="kind name registered_at ended_at", C3="key_digest")

    class Meta:
        verbose_name = _("registered device")
        verbose_name_plural = _("registered devices")
        ordering = ["unit", "name", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_by=None) | Q(ended_at__isnull=False, ended_by__isnull=False),
                name="device_is_ended_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Session(SealedRow):
    """One browser's session: whose, on what, since when. The key is a digest, the content is sealed."""

    key_digest = models.BinaryField(max_length=32, unique=True, editable=False)
    data = SealedField()
    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="sessions"
    )
    device = models.ForeignKey(Device, models.PROTECT, null=True, blank=True, related_name="sessions")
    kind = models.CharField(max_length=10, choices=DeviceKind, default=DeviceKind.COUNTER)
    browser = models.CharField(max_length=60, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    ends_at = models.DateTimeField(db_index=True)

    classification = classes(C1="kind started_at seen_at ends_at", C2="browser address", C3="key_digest data")

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gte=F("started_at")), name="session_ends_after_start"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.browser} {self.started_at:%Y-%m-%d %H:%M}"


class SecondFactorSecret(SealedRow):
    """A secret of somebody's authenticator app or recovery codes; allauth's row holds only its id."""

    staff = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    secret = SealedField()

    classification = classes(C3="secret")

    class Meta:
        verbose_name = _("secret of a second factor")
        verbose_name_plural = _("secrets of second factors")

    def __str__(self) -> str:
        return f"{self.staff_id}"
