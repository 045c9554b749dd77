"""What customers say about the service: the invitation with its one-time link, and the answer."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from branches.models import StaffMember, Unit
from coopcrm.shared.classification import classes
from customers.models.people import Customer
from customers.querysets import BranchOrCustomerQuerySet

LONGEST_WORDS = 500


class Invitation(models.Model):
    """A customer is asked about one occasion (a visit, a registration), once.

    The link holds a random token of which only the SHA-256 digest is kept here. A slip printed again gets a new token:
    ``issued`` counts them, and the old link ends. ``staff`` served the customer, ``branch`` is where.
    """

    classification = classes(C1="occasion key channel invited_on expires_on issued", C3="token_digest")

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="invitations", db_index=False)
    branch = models.ForeignKey(Unit, models.PROTECT, related_name="+", db_index=False)
    staff = models.ForeignKey(
        StaffMember, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    occasion = models.CharField(_("occasion"), max_length=20)
    key = models.CharField(max_length=40, editable=False, help_text=_("The row that the occasion is."))
    channel = models.CharField(_("handed over"), max_length=10)
    token_digest = models.BinaryField(max_length=32, unique=True)
    invited_on = models.DateField(_("invited on"))
    expires_on = models.DateField(_("last day"))
    issued = models.PositiveSmallIntegerField(_("times printed"), default=1)
    invited_by = models.ForeignKey(
        StaffMember, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )

    objects = BranchOrCustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        indexes = [
            models.Index(fields=["branch", "invited_on"], name="invitation_branch_day"),
            models.Index(fields=["customer", "-id"], name="invitation_customer"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["occasion", "key"], name="invitation_once_an_occasion"),
            models.CheckConstraint(
                condition=~Q(occasion="") & ~Q(key=""), name="invitation_names_its_occasion"
            ),
            models.CheckConstraint(
                condition=Q(expires_on__gte=F("invited_on")), name="invitation_ends_after_it_began"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.customer_id} {self.occasion} {self.invited_on}"


class Feedback(models.Model):
    """A customer's answer about the service: satisfaction 1–5, recommendation 0–10, words.

    ``origin`` is a keyed digest of the address and browser that it came from, another one every month: enough to see
    that many answers came from one device, too little to say whose.
    """

    classification = classes(
        C1="given_on given_at wishes_call", C2="satisfaction recommendation words origin"
    )

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="feedback")
    branch = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    invitation = models.OneToOneField(
        Invitation, models.PROTECT, null=True, blank=True, related_name="answer"
    )
    given_on = models.DateField(_("given on"))
    given_at = models.DateTimeField(_("given at"), null=True, blank=True)
    satisfaction = models.SmallIntegerField(_("satisfaction"), null=True, blank=True)
    recommendation = models.SmallIntegerField(_("recommendation"), null=True, blank=True)
    words = models.CharField(_("words"), max_length=LONGEST_WORDS, blank=True)
    wishes_call = models.BooleanField(_("wishes a call"), default=False, db_default=False)
    origin = models.BinaryField(max_length=16, default=b"", db_default=b"", editable=False)

    objects = BranchOrCustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("feedback")
        verbose_name_plural = _("feedback")
        indexes = [
            models.Index(fields=["branch", "given_on"], name="feedback_branch_day"),
            models.Index(fields=["branch", "-id"], name="feedback_branch_newest"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(satisfaction=None) | Q(satisfaction__range=(1, 5)),
                name="feedback_satisfaction_1_to_5",
            ),
            models.CheckConstraint(
                condition=Q(recommendation=None) | Q(recommendation__range=(0, 10)),
                name="feedback_recommendation_0_to_10",
            ),
            models.CheckConstraint(
                condition=Q(invitation=None)
                | Q(satisfaction__isnull=False)
                | Q(recommendation__isnull=False)
                | ~Q(words=""),
                name="feedback_says_something",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.customer_id} {self.given_on}"
