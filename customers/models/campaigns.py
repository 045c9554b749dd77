"""Segments (saved filters with their history) and campaigns (a goal, a list with a holdout, outcomes)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from branches.models import StaffMember, Unit
from coopcrm.shared.classification import classes
from customers.choices import CampaignChannel, CampaignOutcome, CampaignState
from customers.models.people import Customer
from customers.querysets import OfBranchOrUnionQuerySet, OfCustomerQuerySet


class Segment(models.Model):
    """A name for a set of customers: of one branch, or of the union where ``branch`` is empty."""

    classification = classes(C1="name created_at ended_on")

    name = models.CharField(_("name"), max_length=60)
    branch = models.ForeignKey(
        Unit, models.PROTECT, null=True, blank=True, related_name="segments", verbose_name=_("Branch")
    )
    created_by = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    ended_on = models.DateField(_("ended on"), null=True, blank=True)

    objects = OfBranchOrUnionQuerySet.as_manager()

    class Meta:
        verbose_name = _("segment")
        verbose_name_plural = _("segments")
        constraints = [
            models.UniqueConstraint(
                fields=["branch", "name"],
                condition=Q(ended_on=None),
                nulls_distinct=False,
                name="segment_named_once",
            ),
            models.CheckConstraint(condition=~Q(name=""), name="segment_has_name"),
        ]

    def __str__(self) -> str:
        return self.name


class SegmentVersion(models.Model):
    """The filters of a segment from a moment on: codes and ids, as the list of customers takes them; insert-only."""

    classification = classes(C1="number filters made_at")

    segment = models.ForeignKey(Segment, models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField(_("version"))
    filters = models.JSONField(_("filters"), default=dict)
    made_by = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("version of a segment")
        verbose_name_plural = _("versions of a segment")
        constraints = [models.UniqueConstraint(fields=["segment", "number"], name="segment_version_once")]

    def __str__(self) -> str:
        return f"{self.segment} · {self.number}"


class SegmentDay(models.Model):
    """How many customers a segment had on a day, and how many entered and left since the count before."""

    classification = classes(C1="as_of size entered gone")

    segment = models.ForeignKey(Segment, models.PROTECT, related_name="days")
    version = models.ForeignKey(SegmentVersion, models.PROTECT, related_name="+")
    as_of = models.DateField(_("day"))
    size = models.PositiveIntegerField(_("customers"))
    entered = models.PositiveIntegerField(_("entered"))
    gone = models.PositiveIntegerField(_("left"))

    class Meta:
        verbose_name = _("size of a segment")
        verbose_name_plural = _("sizes of a segment")
        constraints = [
            models.UniqueConstraint(fields=["segment", "as_of"], name="segment_counted_once_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.segment} {self.as_of}: {self.size}"


class SegmentMember(models.Model):
    """A customer belongs to a segment from the count of ``valid_from`` until that of ``valid_to`` found them gone."""

    classification = classes(C1="valid_from valid_to")

    segment = models.ForeignKey(Segment, models.PROTECT, related_name="members", db_index=False)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="segments", db_index=False)
    valid_from = models.DateField(_("entered on"))
    valid_to = models.DateField(_("left on"), null=True, blank=True)

    objects = OfCustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("customer of a segment")
        verbose_name_plural = _("customers of a segment")
        indexes = [models.Index(fields=["customer"], name="segment_member_customer")]
        constraints = [
            models.UniqueConstraint(
                fields=["segment", "customer"], condition=Q(valid_to=None), name="segment_member_once"
            ),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")), name="segment_member_dates"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.customer_id} {self.valid_from}"


class Campaign(models.Model):
    """Something offered to a segment in a period: with what words, by which channel, and who is not contacted.

    ``version`` is frozen when the list is drawn. ``seed`` decides by chance who is held out, the same for the same
    customer however often the list is drawn. ``left_out`` says how many were not put on the list, by reason.
    """

    classification = classes(
        C1=(
            "name goal channel script offer starts_on ends_on holdout_percent state made_at drawn_on stopped_on"
            " stop_reason left_out"
        ),
        C3="seed",
    )

    name = models.CharField(_("name"), max_length=60)
    branch = models.ForeignKey(
        Unit, models.PROTECT, null=True, blank=True, related_name="campaigns", verbose_name=_("Branch")
    )
    segment = models.ForeignKey(Segment, models.PROTECT, related_name="campaigns", verbose_name=_("segment"))
    version = models.ForeignKey(SegmentVersion, models.PROTECT, null=True, blank=True, related_name="+")
    goal = models.CharField(_("goal"), max_length=200)
    channel = models.CharField(_("channel"), max_length=10, choices=CampaignChannel)
    script = models.TextField(_("talking points"), max_length=1000, blank=True)
    offer = models.CharField(_("offer"), max_length=200)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"))
    holdout_percent = models.PositiveSmallIntegerField(_("not contacted, %"), default=10)
    seed = models.BinaryField(max_length=16, editable=False)
    state = models.CharField(_("state"), max_length=10, choices=CampaignState, default=CampaignState.DRAFT)
    made_by = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")
    made_at = models.DateTimeField(db_default=Now())
    drawn_on = models.DateField(_("list drawn on"), null=True, blank=True)
    left_out = models.JSONField(_("left out"), default=dict, blank=True)
    stopped_on = models.DateField(_("stopped on"), null=True, blank=True)
    stop_reason = models.CharField(_("why it was stopped"), max_length=200, blank=True)

    objects = OfBranchOrUnionQuerySet.as_manager()

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="campaign_ends_after_start"
            ),
            models.CheckConstraint(
                condition=Q(holdout_percent__lte=50), name="campaign_holdout_at_most_half"
            ),
            models.CheckConstraint(
                condition=Q(state=CampaignState.DRAFT, drawn_on=None, version=None)
                | (~Q(state=CampaignState.DRAFT) & Q(drawn_on__isnull=False, version__isnull=False)),
                name="campaign_drawn_when_it_runs",
            ),
            models.CheckConstraint(
                condition=~Q(state=CampaignState.STOPPED)
                | (Q(stopped_on__isnull=False) & ~Q(stop_reason="")),
                name="campaign_stopped_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_running(self) -> bool:
        """Whether its people are to be contacted."""
        return self.state == CampaignState.RUNNING


class CampaignMember(models.Model):
    """A customer on the list of a campaign: held out, or to be contacted by somebody, with what came of it."""

    classification = classes(C1="is_holdout outcome_at", C2="outcome")

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="members", db_index=False)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="campaigns", db_index=False)
    branch = models.ForeignKey(Unit, models.PROTECT, related_name="+", db_index=False)
    is_holdout = models.BooleanField(_("not contacted"))
    assigned_to = models.ForeignKey(
        StaffMember, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    outcome = models.CharField(_("outcome"), max_length=12, choices=CampaignOutcome, blank=True)
    outcome_at = models.DateTimeField(_("at"), null=True, blank=True)
    outcome_by = models.ForeignKey(
        StaffMember, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )

    objects = OfCustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("customer on a list")
        verbose_name_plural = _("customers on a list")
        indexes = [
            models.Index(fields=["customer"], name="campaign_member_customer"),
            models.Index(fields=["campaign", "branch", "id"], name="campaign_member_branch"),
            models.Index(
                fields=["assigned_to", "id"],
                name="campaign_member_todo",
                condition=Q(is_holdout=False, outcome=""),
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "customer"], name="campaign_member_once"),
            models.CheckConstraint(
                condition=Q(is_holdout=False) | Q(outcome="", assigned_to=None),
                name="campaign_holdout_is_left_alone",
            ),
            models.CheckConstraint(
                condition=Q(outcome="", outcome_at=None, outcome_by=None)
                | (~Q(outcome="") & Q(outcome_at__isnull=False, outcome_by__isnull=False)),
                name="campaign_outcome_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.customer_id}"
