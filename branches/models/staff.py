"""People who work for the union, and the dated posts they hold."""

from __future__ import annotations

from datetime import date

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from branches.choices import Language, PostCode
from branches.models.ranges import DateRange
from branches.models.units import Unit
from branches.scopes import Scope, scope_for
from coopcrm.shared.classification import classes


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

    classification = classes(
        C1="last_login is_superuser language is_active is_staff is_demonstration joined_at first_password_until",
        C2="username full_name employee_no",
        C3="password",
    )

    username = models.CharField(_("sign-in name"), max_length=60, unique=True)
    full_name = models.CharField(_("name"), max_length=100)
    employee_no = models.CharField(_("employee number"), max_length=20, blank=True)
    language = models.CharField(_("language"), max_length=8, choices=Language, default=Language.SIMPLIFIED)
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("may open the back office"), default=False)
    is_demonstration = models.BooleanField(default=False, editable=False)
    joined_at = models.DateTimeField(auto_now_add=True)
    first_password_until = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="While set, the password came by letter."
    )

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

    classification = classes(C1="code valid_from valid_to", C2="ended_because extended_because")

    staff = models.ForeignKey(StaffMember, models.PROTECT, related_name="posts")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="posts")
    code = models.CharField(_("post"), max_length=20, choices=PostCode)
    valid_from = models.DateField(_("from"))
    valid_to = models.DateField(_("until"), null=True, blank=True)
    stands_in_for = models.ForeignKey(
        StaffMember, models.PROTECT, null=True, blank=True, related_name="stand_ins"
    )
    proposed_by = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")
    confirmed_by = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")
    ended_because = models.CharField(_("why it ended"), max_length=200, blank=True)
    extended_because = models.CharField(_("why rotation waits a year longer"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("post")
        verbose_name_plural = _("posts")
        ordering = ["staff", "valid_from"]
        indexes = [models.Index(fields=["unit", "code"], name="post_unit_code")]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")),
                name="post_ends_after_it_begins",
            ),
            models.CheckConstraint(
                condition=Q(stands_in_for=None) | Q(valid_to__isnull=False), name="stand_in_has_an_end"
            ),
            models.CheckConstraint(
                condition=Q(stands_in_for=None) | ~Q(stands_in_for=F("staff")),
                name="stand_in_is_another_person",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by=None)
                | (
                    Q(proposed_by__isnull=False)
                    & ~Q(confirmed_by=F("proposed_by"))
                    & ~Q(confirmed_by=F("staff"))
                ),
                name="post_granted_by_two_people",
            ),
            ExclusionConstraint(
                name="post_held_once_at_a_time",
                expressions=[
                    ("staff", RangeOperators.EQUAL),
                    ("unit", RangeOperators.EQUAL),
                    ("code", RangeOperators.EQUAL),
                    (Coalesce("stands_in_for", 0), RangeOperators.EQUAL),
                    (DateRange("valid_from", "valid_to", Value("[)")), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_code_display()} · {self.unit}"

    def is_held_on(self, day: date) -> bool:
        """Whether the post is in force; the day of ending is the first on which it no longer is."""
        return self.valid_from <= day and (self.valid_to is None or self.valid_to > day)


class RotationRule(models.Model):
    """When people in a post have to rotate, and how long their forced leave is (handbook §7); numbers, not code."""

    code = models.CharField(_("post"), max_length=20, choices=PostCode)
    valid_from = models.DateField(_("from"))
    valid_to = models.DateField(_("until"), null=True, blank=True)
    years = models.PositiveSmallIntegerField(
        _("years in one post"), null=True, blank=True, help_text=_("Empty: no rotation.")
    )
    years_with_reason = models.PositiveSmallIntegerField(_("years with a reason"), null=True, blank=True)
    years_at_branch = models.PositiveSmallIntegerField(
        _("years at one branch in this post"), null=True, blank=True
    )
    leave_days = models.PositiveSmallIntegerField(_("working days of leave in a row, each year"), default=0)

    classification = classes(C1="code valid_from valid_to years years_with_reason years_at_branch leave_days")

    class Meta:
        verbose_name = _("rotation rule")
        verbose_name_plural = _("rotation rules")
        ordering = ["code", "valid_from"]
        constraints = [
            models.CheckConstraint(
                condition=Q(years_with_reason=None) | Q(years_with_reason__gte=F("years")),
                name="rotation_reason_gives_time",
            ),
            ExclusionConstraint(
                name="rotation_rule_once_at_a_time",
                expressions=[
                    ("code", RangeOperators.EQUAL),
                    (DateRange("valid_from", "valid_to", Value("[)")), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_code_display()} {self.valid_from}"
