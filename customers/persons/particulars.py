"""Deeds of particulars: where and how somebody lives, what they can do, under which names they are known."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from branches.models import StaffMember
from coopcrm.shared.errors import Refused, require
from customers import identity
from customers.choices import CustomerKind, FactSource, NameKind
from customers.models import Customer, OtherName, PersonSkill
from customers.persons import policies
from customers.persons.choices import SkillCode
from customers.persons.former_names import keep_name
from customers.provenance.services import state_values

STATED = (
    "sex", "birth_date", "village", "group_no", "address", "residence", "occupation", "education",
    "contact_language", "contact_hours",
)  # fmt: skip
SOURCES = (FactSource.SAID, FactSource.DOCUMENT, FactSource.SEEN)
MOST_SKILLS = 8

_SENSITIVE = re.compile(
    "佛教|道教|基督|天主|伊斯兰|回教|清真|教徒|信教|信佛|宗教|信仰|祷告|党员|共产党|民主党|政治|上访|信访|示威|疾病|生病|患病|病人|有病|癌|糖尿|高血压"
    "|艾滋|肝炎|结核|精神病|残疾|残废|瘫|怀孕|religio|christian|buddhis|muslim|politic|illness|disease|cancer"
    "|disabled|pregnan",
    re.IGNORECASE,
)


def is_sensitive(text: str) -> bool:
    """Whether a free word speaks of religion, illness or politics, for which there is no field (handbook §6.6)."""
    return _SENSITIVE.search(identity.normalize_name(text)) is not None


@transaction.atomic
def state_particulars(
    *, staff: StaffMember, customer: Customer, values: Mapping[str, Any], source: str, as_of: date
) -> dict[str, Any]:
    """Record what was said of a person today; returns the decisions by attribute. What is shown already stays out."""
    _allow(staff, customer)
    require(
        source in SOURCES, _("Say where the value comes from: said, document or seen."), code="source_missing"
    )
    for code in ("occupation", "residence", "address"):
        _refuse_sensitive(str(values.get(code) or ""))
    changed = {
        code: value for code, value in values.items() if code in STATED and value != _shown(customer, code)
    }
    if not changed:
        return {}
    return state_values(customer=customer, values=changed, source=source, on=as_of, staff=staff)


def _shown(customer: Customer, code: str) -> Any:
    return getattr(customer, code)


# -- Skills ------------------------------------------------------------------------------------------------------------


@transaction.atomic
def note_skill(
    *, staff: StaffMember, customer: Customer, code: str, words: str = "", as_of: date
) -> PersonSkill:
    """Note something a person can do; one word or two of its own where the list has none."""
    _allow(staff, customer)
    words = " ".join(words.split())
    require(code in SkillCode.values, _("Choose a skill of the list."), code="no_skill")
    if (code == SkillCode.OTHER) != bool(words):
        text = _("Write a word or two when the list has no such skill, and only then.")
        raise Refused(text, code="words_unfit")
    require(len(words) <= 20, _("Write at most 20 characters."), code="too_long")
    _refuse_sensitive(words)
    Customer.objects.select_for_update().get(pk=customer.pk)
    mine = customer.skills.filter(removed_on=None)
    if known := mine.filter(code=code, words=words).first():
        return known
    require(mine.count() < MOST_SKILLS, _("Eight skills are enough; remove one first."), code="too_many")
    return PersonSkill.objects.create(
        customer=customer, code=code, words=words, noted_on=as_of, noted_by=staff
    )


@transaction.atomic
def remove_skill(*, staff: StaffMember, skill: PersonSkill, as_of: date) -> PersonSkill:
    """A skill is no longer said of the person; the row stays."""
    _allow(staff, skill.customer)
    if skill.removed_on is None:
        skill.removed_on = as_of
        skill.save(update_fields=["removed_on"])
    return skill


# -- Names -------------------------------------------------------------------------------------------------------------


@transaction.atomic
def add_name(
    *,
    staff: StaffMember,
    customer: Customer,
    kind: str,
    name: str,
    as_of: date,
    until_on: date | None = None,
    source: str = FactSource.SAID,
) -> OtherName:
    """Note another name of a customer, found by search from now on; one that is known already is returned."""
    _allow(staff, customer)
    name = " ".join(name.split())
    require(name, _("Write the name."), code="name_missing")
    require(kind in NameKind.values, _("Choose what kind of name it is."), code="no_kind")
    _refuse_sensitive(name if kind == NameKind.ALIAS else "")
    require(name != customer.name, _("This is the name on the document."), code="same_name")
    return keep_name(customer, name, kind=kind, on=as_of, until_on=until_on, source=source, staff=staff)


@transaction.atomic
def remove_name(*, staff: StaffMember, row: OtherName, as_of: date) -> OtherName:
    """A name was noted by mistake: it is no longer found, and the row stays."""
    _allow(staff, row.customer)
    if row.removed_on is None:
        row.removed_on = as_of
        row.save(update_fields=["removed_on"])
    return row


# -- Steps -------------------------------------------------------------------------------------------------------------


def _allow(staff: StaffMember, customer: Customer) -> None:
    require(policies.may_keep(staff, customer), _("The managing branch keeps a customer's particulars."))


def _refuse_sensitive(text: str) -> None:
    if is_sensitive(text):
        refusal = _("Nothing about religion, illness or politics is kept here. Leave it out.")
        raise Refused(refusal, code="sensitive")


def may_have_particulars(customer: Customer) -> bool:
    """Organisations have a register entry instead."""
    return customer.kind == CustomerKind.PERSON
