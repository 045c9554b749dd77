"""What else is known of a person: other names, skills."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from branches.models import StaffMember
from coopcrm.shared.classification import classes
from customers.choices import FactSource, NameKind
from customers.models.people import Customer
from customers.persons.choices import SkillCode
from customers.querysets import OfCustomerQuerySet


class OtherName(models.Model):
    """A name under which somebody was or is known beside the one on the document; searched like it.

    The keys are those of ``Customer``. A former name says until when it was the name; one that was noted by mistake
    is removed (``removed_on``) and no longer found.
    """

    classification = classes(
        C1="kind until_on source recorded_on removed_on",
        C2="name name_key given_key pinyin initials given_pinyin",
    )

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="other_names")
    kind = models.CharField(_("kind"), max_length=12, choices=NameKind)
    name = models.CharField(_("name"), max_length=100)
    name_key = models.CharField(max_length=100, db_collation="C", editable=False)
    given_key = models.CharField(max_length=100, db_collation="C", blank=True, editable=False)
    pinyin = models.CharField(max_length=200, db_collation="C", blank=True, editable=False)
    initials = models.CharField(max_length=60, db_collation="C", blank=True, editable=False)
    given_pinyin = models.CharField(
        max_length=200, db_collation="C", blank=True, editable=False, db_default=""
    )
    until_on = models.DateField(_("until"), null=True, blank=True)
    source = models.CharField(max_length=10, choices=FactSource, default=FactSource.SAID)
    recorded_on = models.DateField()
    recorded_by = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")
    removed_on = models.DateField(null=True, blank=True)

    class Meta:
        verbose_name = _("other name")
        verbose_name_plural = _("other names")
        indexes = [
            models.Index(fields=["name_key", "id"], name="other_name_name"),
            models.Index(fields=["given_key", "id"], name="other_name_given"),
            models.Index(fields=["pinyin", "id"], name="other_name_pinyin"),
            models.Index(fields=["initials", "id"], name="other_name_initials"),
            models.Index(fields=["given_pinyin", "id"], name="other_name_given_pinyin"),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="other_name_has_name"),
            models.UniqueConstraint(
                fields=["customer", "kind", "name"],
                condition=Q(removed_on=None),
                name="other_name_once_per_kind",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PersonSkill(models.Model):
    """Something a person can do, from a list or in a word or two of its own."""

    classification = classes(C1="code source noted_on removed_on", C2="words")

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="skills")
    code = models.CharField(_("skill"), max_length=12, choices=SkillCode)
    words = models.CharField(_("in words"), max_length=20, blank=True)
    source = models.CharField(max_length=10, choices=FactSource, default=FactSource.SAID)
    noted_on = models.DateField()
    noted_by = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")
    removed_on = models.DateField(null=True, blank=True)

    objects = OfCustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("skill")
        verbose_name_plural = _("skills")
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "code", "words"],
                condition=Q(removed_on=None),
                name="skill_once_per_person",
            ),
            models.CheckConstraint(
                condition=Q(code=SkillCode.OTHER) ^ Q(words=""), name="skill_in_words_when_other"
            ),
        ]

    def __str__(self) -> str:
        return self.words or self.get_code_display()
