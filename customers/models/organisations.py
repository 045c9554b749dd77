"""Organisations: their register entry, who acts for them, who belongs to them, who is responsible for them."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q, Value
from django.utils.translation import gettext_lazy as _

from branches.models import DateRange, StaffMember
from coopcrm.shared.classification import classes
from customers.choices import FactSource
from customers.models.households import Household
from customers.models.people import Customer
from customers.persons.choices import LegalForm, OrganisationCategory, RepresentativeRole
from customers.querysets import CoopMemberQuerySet, OfOrganisationQuerySet, RepresentativeQuerySet

PERIOD = (DateRange("valid_from", "valid_to", Value("[)")), RangeOperators.OVERLAPS)
IN_ORDER = Q(valid_to=None) | Q(valid_to__gte=F("valid_from"))


class Organisation(models.Model):
    """The register entry of a customer that is no person: what the licence shows."""

    classification = classes(
        C1="category legal_form noted_on", C2="founded_on business_scope registered_address"
    )

    customer = models.OneToOneField(Customer, models.PROTECT, related_name="organisation", primary_key=True)
    category = models.CharField(_("category"), max_length=20, choices=OrganisationCategory)
    legal_form = models.CharField(_("legal form"), max_length=12, choices=LegalForm, blank=True)
    founded_on = models.DateField(_("founded on"), null=True, blank=True)
    business_scope = models.CharField(_("business scope"), max_length=500, blank=True)
    registered_address = models.CharField(_("registered address"), max_length=200, blank=True)
    noted_on = models.DateField()
    noted_by = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")

    objects = OfOrganisationQuerySet.as_manager()

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")

    def __str__(self) -> str:
        return f"#{self.customer_id}"

    @property
    def has_members(self) -> bool:
        """Whether people and households belong to it and hold shares."""
        return self.category in (
            OrganisationCategory.FARMERS_COOPERATIVE,
            OrganisationCategory.RURAL_COLLECTIVE,
        )


class Representative(models.Model):
    """A person who acts for an organisation for a period; one legal representative at a time."""

    classification = classes(C1="role valid_from valid_to source")

    organisation = models.ForeignKey(Customer, models.PROTECT, related_name="representatives")
    person = models.ForeignKey(Customer, models.PROTECT, related_name="represents")
    role = models.CharField(_("role"), max_length=20, choices=RepresentativeRole)
    valid_from = models.DateField(_("from"))
    valid_to = models.DateField(_("until"), null=True, blank=True)
    source = models.CharField(max_length=10, choices=FactSource, default=FactSource.DOCUMENT)
    noted_by = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")

    objects = RepresentativeQuerySet.as_manager()

    class Meta:
        verbose_name = _("representative")
        verbose_name_plural = _("representatives")
        constraints = [
            models.CheckConstraint(condition=~Q(organisation=F("person")), name="represented_by_another"),
            models.CheckConstraint(condition=IN_ORDER, name="representative_days_in_order"),
            ExclusionConstraint(
                name="representative_once_per_role",
                expressions=[
                    ("organisation", RangeOperators.EQUAL),
                    ("person", RangeOperators.EQUAL),
                    ("role", RangeOperators.EQUAL),
                    PERIOD,
                ],
            ),
            ExclusionConstraint(
                name="one_legal_representative",
                expressions=[("organisation", RangeOperators.EQUAL), PERIOD],
                condition=Q(role=RepresentativeRole.LEGAL),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} #{self.person_id}"


class CoopMember(models.Model):
    """A person or a household that belongs to an organisation for a period, with the share in yuan."""

    classification = classes(C1="valid_from valid_to", C2="share_amount")

    organisation = models.ForeignKey(Customer, models.PROTECT, related_name="coop_members")
    person = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="coop_memberships"
    )
    household = models.ForeignKey(
        Household, models.PROTECT, null=True, blank=True, related_name="coop_memberships"
    )
    share_amount = models.DecimalField(_("share"), max_digits=14, decimal_places=2, default=0)
    valid_from = models.DateField(_("from"))
    valid_to = models.DateField(_("until"), null=True, blank=True)
    noted_by = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")

    objects = CoopMemberQuerySet.as_manager()

    class Meta:
        verbose_name = _("member of an organisation")
        verbose_name_plural = _("members of organisations")
        constraints = [
            models.CheckConstraint(
                condition=Q(person=None, household__isnull=False) | Q(person__isnull=False, household=None),
                name="coop_member_person_or_household",
            ),
            models.CheckConstraint(condition=Q(share_amount__gte=0), name="coop_share_not_negative"),
            models.CheckConstraint(condition=IN_ORDER, name="coop_member_days_in_order"),
            ExclusionConstraint(
                name="coop_person_once",
                expressions=[
                    ("organisation", RangeOperators.EQUAL),
                    ("person", RangeOperators.EQUAL),
                    PERIOD,
                ],
            ),
            ExclusionConstraint(
                name="coop_household_once",
                expressions=[
                    ("organisation", RangeOperators.EQUAL),
                    ("household", RangeOperators.EQUAL),
                    PERIOD,
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.person_id or self.household_id}"


class OrganisationManager(models.Model):
    """Who is responsible for an organisation in a period: exactly one on every day since its registration.

    Without ``staff`` the director's post of the managing branch is; the promises are those of ``ManagerAssignment``.
    """

    classification = classes(C1="valid_from valid_to")

    organisation = models.ForeignKey(Customer, models.PROTECT, related_name="managers")
    staff = models.ForeignKey(
        StaffMember,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="organisations",
        verbose_name=_("manager"),
    )
    valid_from = models.DateField(_("from"))
    valid_to = models.DateField(_("until"), null=True, blank=True)

    objects = OfOrganisationQuerySet.as_manager()

    class Meta:
        verbose_name = _("manager of an organisation")
        verbose_name_plural = _("managers of organisations")
        constraints = [
            ExclusionConstraint(
                name="one_manager_of_an_organisation",
                expressions=[("organisation", RangeOperators.EQUAL), PERIOD],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.staff or '–'} #{self.organisation_id}"
