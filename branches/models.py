"""Units, areas, staff and the calendar: the ground every record of the cooperative stands on."""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from branches.choices import AreaLevel, DayKind, Language, PostCode, UnitKind
from branches.scopes import Scope, scope_for


class DateRange(Func):
    """``daterange(from, to)``: half-open, an open end means "until further notice"."""

    function = "daterange"
    output_field = DateRangeField()


class Unit(models.Model):
    """A county union, a branch (信用社), a sub-branch (分社) or a counter."""

    code = models.CharField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=100)
    kind = models.CharField(_("kind"), max_length=12, choices=UnitKind)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    opened_on = models.DateField(_("opened on"), null=True, blank=True)
    closed_on = models.DateField(_("closed on"), null=True, blank=True)
    address = models.CharField(_("address"), max_length=200, blank=True)
    latitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)

    class Meta:
        verbose_name = _("unit")
        verbose_name_plural = _("units")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind=UnitKind.UNION, parent=None)
                | (~Q(kind=UnitKind.UNION) & Q(parent__isnull=False)),
                name="unit_only_union_is_root",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def branch_id_of(self) -> int | None:
        """The branch this unit reports to: itself for a branch, its parent for a sub-branch or counter."""
        if self.kind == UnitKind.UNION:
            return None
        return self.pk if self.kind == UnitKind.BRANCH else self.parent_id


class Area(models.Model):
    """A county, township or village by its 12-digit code; codes change, so each has a period."""

    code = models.CharField(_("code"), max_length=12)
    name = models.CharField(_("name"), max_length=100)
    level = models.CharField(_("level"), max_length=12, choices=AreaLevel)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    pinyin = models.CharField(max_length=200, blank=True, db_collation="C")
    initials = models.CharField(max_length=40, blank=True, db_collation="C")
    valid_from = models.DateField(default="1900-01-01")
    valid_to = models.DateField(null=True, blank=True)
    successor = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="predecessors")
    unit = models.ForeignKey(
        Unit,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="areas",
        help_text=_("The branch that serves it."),
    )
    registered_households = models.PositiveIntegerField(
        _("households in the village register"), null=True, blank=True
    )
    latitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)

    class Meta:
        verbose_name = _("area")
        verbose_name_plural = _("areas")
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(
                fields=["code"], condition=Q(valid_to=None), name="area_code_in_force_once"
            ),
        ]
        indexes = [
            models.Index(fields=["pinyin", "id"], name="area_pinyin"),
            models.Index(fields=["initials", "id"], name="area_initials"),
        ]

    def __str__(self) -> str:
        return self.name


class StaffManager(BaseUserManager):
    """Creates staff; a password that is not given makes the account unusable until one is set."""

    def create_user(self, username: str, password: str | None = None, **fields) -> StaffMember:
        member = self.model(username=self.model.normalize_username(username), **fields)
        member.set_password(password)
        member.save(using=self._db)
        return member

    def create_superuser(self, username: str, password: str | None = None, **fields) -> StaffMember:
        return self.create_user(username, password, is_staff=True, is_superuser=True, **fields)


class StaffMember(AbstractBaseUser, PermissionsMixin):
    """A person who works for the union; what they may do follows from the post they hold today."""

    username = models.CharField(_("sign-in name"), max_length=60, unique=True)
    full_name = models.CharField(_("name"), max_length=100)
    employee_no = models.CharField(_("employee number"), max_length=20, blank=True)
    language = models.CharField(_("language"), max_length=8, choices=Language, default=Language.SIMPLIFIED)
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("may open the back office"), default=False)
    is_demonstration = models.BooleanField(default=False, editable=False)
    joined_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ["full_name"]
    objects = StaffManager()

    class Meta:
        verbose_name = _("staff member")
        verbose_name_plural = _("staff")
        ordering = ["username"]

    def __str__(self) -> str:
        return self.full_name or self.username

    @cached_property
    def scope(self) -> Scope:
        """What this person's posts open today; read once per request."""
        return scope_for(self)


class Post(models.Model):
    """A dated post of one person at one unit; a stand-in is a post with an end and the person stood in for."""

    staff = models.ForeignKey(StaffMember, models.PROTECT, related_name="posts")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="posts")
    code = models.CharField(_("post"), max_length=20, choices=PostCode)
    valid_from = models.DateField(_("from"))
    valid_to = models.DateField(_("until"), null=True, blank=True)
    stands_in_for = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("post")
        verbose_name_plural = _("posts")
        ordering = ["staff", "valid_from"]
        indexes = [models.Index(fields=["unit", "code"], name="post_unit_code")]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gt=F("valid_from")), name="post_ends_after_it_begins"
            ),
            ExclusionConstraint(
                name="post_held_once_at_a_time",
                expressions=[
                    ("staff", RangeOperators.EQUAL),
                    ("unit", RangeOperators.EQUAL),
                    ("code", RangeOperators.EQUAL),
                    (DateRange("valid_from", "valid_to", Value("[)")), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_code_display()} · {self.unit}"


class CalendarDay(models.Model):
    """A public holiday or a make-up working day (调休上班); all other days follow the week."""

    day = models.DateField(unique=True)
    kind = models.CharField(max_length=14, choices=DayKind)
    name = models.CharField(max_length=60, blank=True)

    class Meta:
        verbose_name = _("calendar day")
        verbose_name_plural = _("calendar days")
        ordering = ["day"]

    def __str__(self) -> str:
        return f"{self.day} {self.name}"
