"""Reads of households: who belonged on which day, who is married to whom, what happened."""

from __future__ import annotations

from datetime import date

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from branches.models import in_force
from customers.choices import Relation
from customers.models import Customer, Household, HouseholdEvent, Marriage, Membership

ORDER = {code: place for place, code in enumerate(Relation.values)}


def members_on(household: Household, day: date) -> QuerySet[Membership]:
    """Who belonged to a household on a day: the head, the spouse, children by age, then the others."""
    place = Case(
        *(When(relation=code, then=Value(number)) for code, number in ORDER.items()),
        default=Value(len(ORDER)),
        output_field=IntegerField(),
    )
    rows = Membership.objects.filter(in_force(day), household=household).select_related("customer")
    return rows.annotate(place=place).order_by("place", "customer__birth_date", "pk")


def membership_on(customer: Customer, day: date) -> Membership | None:
    """Where a person belonged on a day."""
    rows = Membership.objects.filter(in_force(day), customer=customer)
    return rows.select_related("household__branch").first()


def marriages_of(customer: Customer) -> QuerySet[Marriage]:
    """Every marriage of a person, the latest first."""
    rows = Marriage.objects.filter(Q(first=customer) | Q(second=customer))
    return rows.select_related("first", "second").order_by("-valid_from", "-pk")


def marriage_on(customer: Customer, day: date) -> Marriage | None:
    """The marriage in force on a day; one without a first day has always been."""
    begun = Q(valid_from=None) | Q(valid_from__lte=day)
    lasts = Q(valid_to=None) | Q(valid_to__gt=day)
    return marriages_of(customer).filter(begun & lasts).first()


def spouse_on(customer: Customer, day: date) -> Customer | None:
    """Whom a person was married to on a day."""
    marriage = marriage_on(customer, day)
    return None if marriage is None else other_of(marriage, customer)


def other_of(marriage: Marriage, customer: Customer) -> Customer:
    """The other one of the two."""
    return marriage.second if marriage.first_id == customer.pk else marriage.first


def head_on(household: Household, day: date) -> Membership | None:
    """Who was the head on a day; None while a successor is to be chosen."""
    rows = Membership.objects.filter(in_force(day), household=household, relation=Relation.HEAD)
    return rows.select_related("customer").first()


def lacks_head(household: Household, day: date) -> bool:
    """Whether people live in a household of whom none is the head: the family chooses a successor."""
    relations = set(
        Membership.objects.filter(in_force(day), household=household).values_list("relation", flat=True)
    )
    return bool(relations) and Relation.HEAD not in relations


def events_of(household: Household) -> QuerySet[HouseholdEvent]:
    """What happened to a household, the latest first."""
    rows = HouseholdEvent.objects.filter(household=household)
    return rows.select_related("customer", "partner", "recorded_by", "undone_by").order_by(
        "-happened_on", "-pk"
    )
