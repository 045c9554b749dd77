"""What people have allowed: the texts they were shown, and each yes, no and withdrawal as a row of its own."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from branches.models import StaffMember
from coopcrm.shared.classification import classes
from customers.choices import Channel, Decision, Purpose
from customers.models.people import Customer
from customers.querysets import OfCustomerQuerySet

LANGUAGES = ("en", "zh-hans", "zh-hant")


class ConsentText(models.Model):
    """The words of a consent from a day on, in every language of the site; never changed, only followed by another.

    ``{union}`` in the wording stands for the name of the union.
    """

    classification = classes(C1="purpose version valid_from wording created_at")

    purpose = models.CharField(_("purpose"), max_length=20, choices=Purpose)
    version = models.PositiveSmallIntegerField(_("version"))
    valid_from = models.DateField(_("from"))
    wording = models.JSONField(_("wording"), help_text=_("Language code to text."))
    published_by = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("consent text")
        verbose_name_plural = _("consent texts")
        constraints = [
            models.UniqueConstraint(fields=["purpose", "version"], name="consent_text_version_once"),
            models.UniqueConstraint(fields=["purpose", "valid_from"], name="consent_text_one_a_day"),
            models.UniqueConstraint(fields=["id", "purpose"], name="consent_text_with_purpose"),
            models.CheckConstraint(
                condition=Q(wording__has_keys=list(LANGUAGES)), name="consent_text_in_every_language"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} {self.version}"

    def words(self, language: str, *, union: str) -> str:
        """The text in a language of the site, with the name of the union filled in."""
        return self.wording[language if language in LANGUAGES else LANGUAGES[0]].replace("{union}", union)


class Consent(models.Model):
    """One answer of a person to one text: insert-only, a withdrawal is another row that names what it withdraws.

    The last row per person and purpose is what holds (``customers.consents``). ``reference`` names the signed paper or
    recording; ``guardian`` is who said yes for a child.
    """

    classification = classes(
        C1="purpose decided_at channel recorded_at",
        C2="decision reference",
    )

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="consents", db_index=False)
    purpose = models.CharField(_("purpose"), max_length=20, choices=Purpose)
    text = models.ForeignKey(ConsentText, models.PROTECT, related_name="consents", db_index=False)
    decision = models.CharField(_("answer"), max_length=10, choices=Decision)
    decided_at = models.DateTimeField(_("answered at"))
    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    recorded_by = models.ForeignKey(
        StaffMember, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    reference = models.CharField(_("paper or recording"), max_length=60, blank=True)
    guardian = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="consents_as_guardian", db_index=False
    )
    withdraws = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="withdrawn_by"
    )
    recorded_at = models.DateTimeField(db_default=Now())

    objects = OfCustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        indexes = [
            models.Index(fields=["customer", "purpose", "-decided_at", "-id"], name="consent_latest"),
            models.Index(fields=["guardian"], name="consent_guardian", condition=Q(guardian__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(decision=Decision.WITHDRAWN, withdraws__isnull=False)
                | (~Q(decision=Decision.WITHDRAWN) & Q(withdraws=None)),
                name="consent_withdrawal_names_consent",
            ),
            models.CheckConstraint(
                condition=~Q(purpose=Purpose.CHILDREN, decision=Decision.GIVEN) | Q(guardian__isnull=False),
                name="consent_for_child_by_guardian",
            ),
            models.CheckConstraint(
                condition=Q(guardian=None) | ~Q(guardian=F("customer")), name="consent_guardian_is_another"
            ),
            models.CheckConstraint(
                condition=~Q(purpose__in=[Purpose.ACCOUNTS, Purpose.CREDIT, Purpose.IDENTITY_CHECK]),
                name="consent_only_where_it_is_the_base",
            ),
            models.UniqueConstraint(
                fields=["id", "customer", "purpose"], name="consent_with_person_and_purpose"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.customer_id} {self.purpose} {self.decision}"
