"""What a household works with: land, crops by season, animals, machines, labour. Every row stays as it was written."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from branches.models import Area, StaffMember
from coopcrm.shared.classification import classes
from customers.choices import FactSource
from customers.homes.choices import AnimalKind, CropKind, MachineKind, Season, Tenure, WorkKind
from customers.models.households import Household
from customers.models.people import Customer
from customers.querysets import SharedPartQuerySet

C1 = "observed_on source is_gone created_at"


class FarmQuerySet(SharedPartQuerySet):
    """Rows of farms; the present state is what no later row replaces and what is not gone."""

    def present(self) -> FarmQuerySet:
        """What holds now."""
        return self.filter(replaced_by=None, is_gone=False)


class FarmRow(models.Model):
    """A fact about a farm with its source, author and day. A later row ``replaces`` it; a last one says it is gone."""

    household = models.ForeignKey(Household, models.PROTECT, related_name="%(class)ss")
    source = models.CharField(_("source"), max_length=10, choices=FactSource, default=FactSource.SAID)
    observed_on = models.DateField(_("observed on"))
    recorded_by = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")
    replaces = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="replaced_by", verbose_name=_("replaces")
    )
    is_gone = models.BooleanField(_("no longer there"), default=False)
    created_at = models.DateTimeField(db_default=Now())

    objects = FarmQuerySet.as_manager()

    class Meta:
        abstract = True


def amount(label, **options) -> models.DecimalField:
    """Yuan or kilograms of a household; empty is not known."""
    return models.DecimalField(label, max_digits=12, decimal_places=2, null=True, blank=True, **options)


def not_below_zero(name: str, *fields: str) -> models.CheckConstraint:
    """Amounts that are known are not negative."""
    condition = Q()
    for field in fields:
        condition &= Q(**{field: None}) | Q(**{f"{field}__gte": 0})
    return models.CheckConstraint(condition=condition, name=name)


class LandParcel(FarmRow):
    """A parcel of land; leased out it does not count in what the household farms."""

    classification = classes(C1=C1, C2="name mu tenure has_certificate")

    name = models.CharField(_("name of the parcel"), max_length=60)
    mu = models.DecimalField(_("mu"), max_digits=8, decimal_places=2)
    tenure = models.CharField(_("whose land"), max_length=12, choices=Tenure, default=Tenure.OWN)
    has_certificate = models.BooleanField(_("land certificate shown"), default=False)
    village = models.ForeignKey(
        Area, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("village")
    )

    class Meta:
        verbose_name = _("land parcel")
        verbose_name_plural = _("land parcels")
        indexes = [models.Index(fields=["household", "-id"], name="parcel_household")]
        constraints = [models.CheckConstraint(condition=Q(mu__gt=0), name="parcel_has_size")]

    def __str__(self) -> str:
        return f"{self.name} {self.mu}"


class CropSeason(FarmRow):
    """A crop of a season: area, harvest in kilograms, income in yuan, as expected and as it came."""

    classification = classes(
        C1=C1, C2="year season crop mu expected_yield actual_yield expected_income actual_income"
    )

    year = models.SmallIntegerField(_("year"))
    season = models.CharField(_("season"), max_length=1, choices=Season)
    crop = models.CharField(_("crop"), max_length=12, choices=CropKind)
    mu = models.DecimalField(_("mu"), max_digits=8, decimal_places=2)
    expected_yield = amount(_("expected harvest (kg)"))
    actual_yield = amount(_("harvest (kg)"))
    expected_income = amount(_("expected income"))
    actual_income = amount(_("income"))

    class Meta:
        verbose_name = _("crop of a season")
        verbose_name_plural = _("crops by season")
        indexes = [models.Index(fields=["household", "-year", "season"], name="crop_household")]
        constraints = [
            models.CheckConstraint(condition=Q(mu__gt=0), name="crop_has_size"),
            models.CheckConstraint(condition=Q(year__gte=1950) & Q(year__lte=2200), name="crop_year"),
            not_below_zero(
                "crop_amounts", "expected_yield", "actual_yield", "expected_income", "actual_income"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.year} {self.get_season_display()} {self.get_crop_display()}"


class AnimalCount(FarmRow):
    """Heads of a kind of animal as counted on a day, and their value in yuan."""

    classification = classes(C1=C1, C2="kind heads value")

    kind = models.CharField(_("animal"), max_length=10, choices=AnimalKind)
    heads = models.DecimalField(_("number"), max_digits=8, decimal_places=1)
    value = amount(_("value"))

    class Meta:
        verbose_name = _("count of animals")
        verbose_name_plural = _("counts of animals")
        indexes = [models.Index(fields=["household", "-id"], name="animal_household")]
        constraints = [
            models.CheckConstraint(condition=Q(heads__gte=0), name="animal_heads"),
            not_below_zero("animal_value", "value"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.heads}"


class Machine(FarmRow):
    """A machine the household works with; shared ones belong to several."""

    classification = classes(C1=C1, C2="kind built_year value is_shared")

    kind = models.CharField(_("machine"), max_length=12, choices=MachineKind)
    built_year = models.SmallIntegerField(_("year built"), null=True, blank=True)
    value = amount(_("value"))
    is_shared = models.BooleanField(_("shared with others"), default=False)

    class Meta:
        verbose_name = _("machine")
        verbose_name_plural = _("machines")
        indexes = [models.Index(fields=["household", "-id"], name="machine_household")]
        constraints = [not_below_zero("machine_value", "value")]

    def __str__(self) -> str:
        return str(self.get_kind_display())


class Labour(FarmRow):
    """What a member lives by, where, and how many months of the year away from home."""

    classification = classes(C1=C1, C2="work place months_away")

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="labours", verbose_name=_("member"))
    work = models.CharField(_("lives by"), max_length=10, choices=WorkKind)
    place = models.CharField(_("where"), max_length=120, blank=True)
    months_away = models.SmallIntegerField(_("months away in a year"), default=0)

    class Meta:
        verbose_name = _("work of a member")
        verbose_name_plural = _("work of members")
        indexes = [models.Index(fields=["household", "-id"], name="labour_household")]
        constraints = [
            models.CheckConstraint(
                condition=Q(months_away__gte=0) & Q(months_away__lte=12), name="labour_months"
            ),
            models.CheckConstraint(condition=~Q(replaces=F("id")), name="labour_replaces_another"),
        ]

    def __str__(self) -> str:
        return f"#{self.customer_id} {self.get_work_display()}"
