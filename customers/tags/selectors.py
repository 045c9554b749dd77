"""Reads of tags: which hang on a customer and why, who carries one, the filter of the list, the timeline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from branches.models import StaffMember, in_force
from customers.models import ComputedTag, Customer, CustomerTag, FactSheet, Household, Tag
from customers.registries import ListFilter, TimelineEvent, Window
from customers.tags import policies
from customers.tags.rules import sentence


@dataclass(frozen=True)
class Hanging:
    """A tag on a customer: the word, its tone, and why it hangs; ``row`` is 0 where a rule hung it."""

    tag: Tag
    why: str
    row: int = 0


def hanging_on(customer: Customer, today: date) -> list[Hanging]:
    """Tags of a customer on a day, those of people first; two queries."""
    rows = CustomerTag.objects.filter(in_force(today), customer=customer).select_related("tag", "tagged_by")
    computed = ComputedTag.objects.filter(customer=customer, valid_to=None).select_related("tag", "rule")
    by_people = [Hanging(row.tag, _why(row), row.pk) for row in rows.order_by("pk")]
    by_rule = [
        Hanging(row.tag, f"{sentence(row.rule.filters)} · {row.valid_from}")
        for row in computed.order_by("tag__code")
    ]
    return by_people + by_rule


def _why(row: CustomerTag) -> str:
    words = [row.reason, str(row.tagged_by or ""), row.valid_from.isoformat()]
    if row.valid_to:
        words.append(_("until %(day)s") % {"day": row.valid_to})
    return " · ".join(filter(None, words))


def tags_to_hang(staff: StaffMember) -> QuerySet[Tag]:
    """Tags that a person may hang."""
    return Tag.objects.visible_to(staff).in_use().filter(is_computed=False).order_by("label")


def tags_with_numbers(staff: StaffMember) -> list[tuple[Tag, int, str]]:
    """Every tag in use with how many customers of the person's branches carry it, and its rule in words."""
    today = timezone.localdate()
    tags = Tag.objects.visible_to(staff).in_use().select_related("branch").prefetch_related("rules")
    counts: dict[int, int] = {}
    for rows in (
        CustomerTag.objects.visible_to(staff).filter(in_force(today)),
        ComputedTag.objects.visible_to(staff).filter(valid_to=None),
    ):
        counts |= dict(rows.order_by().values_list("tag").annotate(n=Count("customer")))
    return [(tag, counts.get(tag.pk, 0), rule_words(tag)) for tag in tags.order_by("is_computed", "label")]


def rule_words(tag: Tag) -> str:
    """The rule in force behind a tag, in one sentence."""
    rule = next((row for row in tag.rules.all() if row.valid_to is None), None)
    return sentence(rule.filters) if rule else ""


# -- The list of customers ---------------------------------------------------------------------------------------------


def with_tag(rows: QuerySet[Customer], code: str) -> QuerySet[Customer]:
    """Customers who carry a tag today, by people or by rule."""
    mine = {"customer": OuterRef("pk"), "tag__code": code}
    by_people = CustomerTag.objects.filter(in_force(timezone.localdate()), **mine)
    by_rule = ComputedTag.objects.filter(valid_to=None, **mine)
    return rows.filter(Exists(by_people) | Exists(by_rule))


def tag_choices(staff: StaffMember | None = None) -> list[tuple[str, Any]]:
    """Tags in use: those a person may see, or all of them where no person asks."""
    rows = Tag.objects.visible_to(staff) if staff else Tag.objects.all()
    return [(tag.code, str(tag)) for tag in rows.in_use().order_by("is_computed", "label")]


TAG_FILTER = ListFilter(gettext_lazy("Tag"), tag_choices, with_tag, choices_for=tag_choices)


def with_land(rows: QuerySet[Customer], mu: str) -> QuerySet[Customer]:
    """Customers whose household works at least so much land, by its last fact sheet."""
    return rows.filter(Exists(_last_sheets().filter(land_mu__gte=int(mu))))


def with_animals(rows: QuerySet[Customer], code: str) -> QuerySet[Customer]:
    """Customers whose household keeps animals, by its last fact sheet."""
    kept = _last_sheets().exclude(livestock={})
    return rows.filter(Exists(kept)) if code == "yes" else rows.filter(~Exists(kept))


def _last_sheets() -> QuerySet:
    newer = FactSheet.objects.filter(household=OuterRef("household"), pk__gt=OuterRef("pk"))
    own = {
        "household__memberships__customer": OuterRef("pk"),
        "household__memberships__valid_to": None,
    }
    return FactSheet.objects.filter(~Exists(newer), **own)


LAND_FILTER = ListFilter(
    gettext_lazy("Land"),
    lambda: [(str(mu), _("%(mu)s mu and more") % {"mu": mu}) for mu in (10, 20, 50)],
    with_land,
)
ANIMALS_FILTER = ListFilter(
    gettext_lazy("Animals"), lambda: [("yes", _("keeps animals")), ("no", _("none known"))], with_animals
)


# -- Pages -------------------------------------------------------------------------------------------------------------


def tags_card(staff: StaffMember, customer: Customer, household: Household | None) -> tuple | None:
    """Tags on the customer, with why each hangs, and the way to hang one more."""
    hanging = hanging_on(customer, timezone.localdate())
    may_tag = policies.may_tag(staff, customer)
    if not hanging and not may_tag:
        return None
    mine = {each.tag.pk for each in hanging}
    return "customers/tags/_card.html", {
        "customer": customer,
        "hanging": hanging,
        "may_tag": may_tag,
        "choices": [tag for tag in tags_to_hang(staff) if tag.pk not in mine] if may_tag else [],
    }


def tag_events(
    staff: StaffMember, customer: Customer, households: list[Household], window: Window
) -> list[TimelineEvent]:
    """Tags hung on the customer by people."""
    rows = CustomerTag.objects.filter(customer=customer).select_related("tag", "tagged_by")
    url = reverse("customers:tags")
    return [
        TimelineEvent(
            row.valid_from,
            _("Tag %(tag)s") % {"tag": row.tag},
            row.reason,
            "flag",
            url,
            who=str(row.tagged_by or ""),
        )
        for row in window.latest(rows, "valid_from")
    ]
