"""Tags: words that people or rules hang on customers, each hanging with its period, and who or which rule did it."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Now
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from branches.models import DateRange, StaffMember, Unit
from coopcrm.shared.classification import classes
from customers.choices import TagColour
from customers.models.people import Customer
from customers.querysets import OfCustomerQuerySet, TagQuerySet


class Tag(models.Model):
    """A word for customers, of one branch or of the union (``branch`` empty); hung by people, or by its rule.

    ``labels`` holds the word by language where somebody has translated it; ``label`` is the word as typed.
    """

    classification = classes(C1="code label labels colour is_computed created_at ended_on")

    code = models.SlugField(_("code"), max_length=30, unique=True)
    label = models.CharField(_("word"), max_length=30)
    labels = models.JSONField(default=dict, blank=True)
    colour = models.CharField(_("colour"), max_length=10, choices=TagColour, default=TagColour.NEUTRAL)
    branch = models.ForeignKey(
        Unit, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("branch")
    )
    is_computed = models.BooleanField(_("hung by a rule"), default=False)
    created_by = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    ended_on = models.DateField(_("no longer used from"), null=True, blank=True)

    objects = TagQuerySet.as_manager()

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        constraints = [
            models.UniqueConstraint(
                fields=["branch", "label"],
                condition=Q(ended_on=None),
                nulls_distinct=False,
                name="tag_label_once",
            ),
            models.CheckConstraint(condition=~Q(label=""), name="tag_has_label"),
            models.CheckConstraint(condition=Q(is_computed=False) | Q(branch=None), name="tag_rule_of_union"),
        ]

    def __str__(self) -> str:
        return str(self.labels.get((get_language() or "en").lower()) or self.label)

    @property
    def tone(self) -> str:
        """The tone in which the look draws the tag."""
        return self.colour


class TagRule(models.Model):
    """A version of the rule that hangs a tag: filters of the list of customers, put into force by two people."""

    classification = classes(C1="version filters valid_from valid_to")

    tag = models.ForeignKey(Tag, models.PROTECT, related_name="rules")
    version = models.PositiveSmallIntegerField(_("version"))
    filters = models.JSONField(_("filters"))
    valid_from = models.DateField(_("from"))
    valid_to = models.DateField(_("until"), null=True, blank=True)
    proposed_by = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")
    confirmed_by = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("rule of a tag")
        verbose_name_plural = _("rules of tags")
        constraints = [
            models.UniqueConstraint(fields=["tag", "version"], name="tag_rule_version_once"),
            models.UniqueConstraint(fields=["tag"], condition=Q(valid_to=None), name="tag_rule_one_in_force"),
            models.CheckConstraint(
                condition=Q(proposed_by=None) | ~Q(proposed_by=F("confirmed_by")), name="tag_rule_two_persons"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tag} {self.version}"


class CustomerTag(models.Model):
    """A tag that a person hung on a customer, from a day until another; it may know its end from the beginning."""

    classification = classes(C1="valid_from valid_to tagged_at", C2="tag reason")

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="tags", db_index=False)
    tag = models.ForeignKey(Tag, models.PROTECT, related_name="hung")
    valid_from = models.DateField(_("from"))
    valid_to = models.DateField(_("until"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    tagged_by = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")
    tagged_at = models.DateTimeField(db_default=Now())
    ended_by = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")

    objects = OfCustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("tag of a customer")
        verbose_name_plural = _("tags of customers")
        indexes = [models.Index(fields=["customer", "tag"], name="customer_tag")]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")), name="customer_tag_ends_later"
            ),
            ExclusionConstraint(
                name="customer_tag_once_at_a_time",
                expressions=[
                    ("customer", RangeOperators.EQUAL),
                    ("tag", RangeOperators.EQUAL),
                    (DateRange("valid_from", "valid_to", Value("[)")), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.customer_id} {self.tag}"


class ComputedTag(models.Model):
    """A tag that a rule hung on a customer: from the night on which the rule first held until the one it did not."""

    classification = classes(C1="valid_from valid_to", C2="tag")

    customer = models.ForeignKey(
        Customer, models.DO_NOTHING, related_name="computed_tags", db_constraint=False, db_index=False
    )
    tag = models.ForeignKey(
        Tag, models.DO_NOTHING, related_name="computed", db_constraint=False, db_index=False
    )
    rule = models.ForeignKey(
        TagRule, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    valid_from = models.DateField(_("from"))
    valid_to = models.DateField(_("until"), null=True, blank=True)

    objects = OfCustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("computed tag")
        verbose_name_plural = _("computed tags")
        indexes = [
            models.Index(fields=["customer", "tag"], name="computed_tag_customer"),
            models.Index(fields=["tag", "customer"], name="computed_tag_now", condition=Q(valid_to=None)),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "tag"], condition=Q(valid_to=None), name="computed_tag_once"
            ),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")), name="computed_tag_ends_later"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.customer_id} {self.tag}"
