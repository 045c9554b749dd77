"""By night: people who belong to no household are compared with their village, and the likely become questions.

Nobody is put into a household by night: an import joins what one ledger says of people it has just met, everything
else is answered by people.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from django.db.models import Count, Exists, OuterRef, Q

from customers.choices import CustomerKind, CustomerState, NameCountKind, ReviewState
from customers.kinship.questions import Ask, ask
from customers.matching.households import Dweller, Neighbourhood, Tie, ties
from customers.models import Customer, Marriage, Membership, NameCount, Phone, ReviewPair

LIVING = Q(kind=CustomerKind.PERSON, state=CustomerState.ACTIVE, merged_into=None)


def villages_with_homeless(ids: Iterable[int] | None = None) -> list[int]:
    """Villages in which somebody lives who belongs to no household; of some people, or of all."""
    settled = Membership.objects.filter(customer=OuterRef("pk"), valid_to=None)
    rows = Customer.objects.filter(LIVING, ~Exists(settled)).exclude(village=None)
    if ids is not None:
        rows = rows.filter(pk__in=list(ids))
    return sorted(rows.order_by().values_list("village", flat=True).distinct())


def ask_about(village: int) -> dict[str, int]:
    """Compare the people of a village who belong to no household with all others; eight queries.

    Two records about which people are asked may be one person twice, and so may somebody under whose name the household
    has a member already: that is another question.
    """
    people = _dwellers(village)
    homeless = {i for i, person in enumerate(people) if person.home is None}
    at_home: dict[int | None, set[str]] = defaultdict(set)
    for person in people:
        at_home[person.home] |= person.names
    one_person = _perhaps_one({people[i].key for i in homeless})
    found = [
        tie
        for tie in ties(people, _neighbourhood(people, homeless), among=homeless)
        if not _is_there_already(people[tie.first], people[tie.second], at_home)
        and frozenset((people[tie.first].key, people[tie.second].key)) not in one_person
    ]
    return {
        "people without a household": len(homeless),
        "household questions": ask(_ask(people, tie) for tie in found),
    }


def _is_there_already(one: Dweller, other: Dweller, at_home: dict[int | None, set[str]]) -> bool:
    """Whether the two bear one name, or one bears the name of somebody of the other's household."""
    if one.names & other.names:
        return True
    pairs = ((one, other), (other, one))
    return any(b.home is not None and a.names & at_home[b.home] for a, b in pairs if a.home is None)


def _perhaps_one(ids: set[int]) -> set[frozenset[int]]:
    rows = ReviewPair.objects.filter(Q(first__in=ids) | Q(second__in=ids)).exclude(
        state=ReviewState.DIFFERENT
    )
    return {frozenset(pair) for pair in rows.values_list("first_id", "second_id")}


def _ask(people: list[Dweller], tie: Tie) -> Ask:
    return Ask(people[tie.first].key, people[tie.second].key, tie.bits, tie.evidence)


def _dwellers(village: int) -> list[Dweller]:
    """Everybody who lives there; phones stand as their digests, none is opened."""
    people = Customer.objects.filter(LIVING, village=village).order_by("pk")
    there = {"customer__village": village, "valid_to": None}
    home = dict(Membership.objects.filter(**there).values_list("customer", "household"))
    spouses = spouses_in(village)
    phones: dict[int, set[bytes]] = defaultdict(set)
    for pk, key in Phone.objects.filter(**there).values_list("customer", "number_key"):
        phones[pk].add(bytes(key))
    place = str(village)
    return [
        Dweller(
            key=pk,
            names=frozenset({name}),
            villages=frozenset({place}),
            groups=frozenset({(place, group)} if group else ()),
            phones=frozenset(phones.get(pk, ())),
            sexes=frozenset({sex} - {""}),
            births=frozenset({born.year} if born else ()),
            spouses=frozenset({spouses[pk]} if pk in spouses else ()),
            home=home.get(pk),
        )
        for pk, name, group, sex, born in people.values_list(
            "pk", "name_key", "group_no", "sex", "birth_date"
        )
    ]


def spouses_in(village: int) -> dict[int, str]:
    """The name of the husband or wife of those in a village who are married; two queries."""
    married = Marriage.objects.filter(valid_to=None)
    wives = married.filter(first__village=village).values_list("first", "second__name_key")
    husbands = married.filter(second__village=village).values_list("second", "first__name_key")
    return dict(wives) | dict(husbands)


def _neighbourhood(people: list[Dweller], homeless: set[int]) -> Neighbourhood:
    """How common things are: the village counts itself; names and phones of the homeless are counted everywhere."""
    hood = Neighbourhood.of(people)
    asked = [people[i] for i in homeless]
    names, surnames = {n for p in asked for n in p.names | p.spouses}, {s for p in asked for s in p.surnames}
    rows = NameCount.objects.filter(
        Q(kind=NameCountKind.PEOPLE)
        | Q(kind=NameCountKind.NAME, word__in=names)
        | Q(kind=NameCountKind.SURNAME, word__in=surnames)
    )
    counted: dict[str, Counter] = defaultdict(Counter)
    for kind, word, number in rows.values_list("kind", "word", "people"):
        counted[kind][word] = number
    hood.people = max(hood.people, counted[NameCountKind.PEOPLE][""])
    hood.by_name |= counted[NameCountKind.NAME]
    hood.by_surname |= counted[NameCountKind.SURNAME]
    keys = {key for person in asked for key in person.phones}
    held = Phone.objects.filter(number_key__in=keys, valid_to=None).values_list("number_key").order_by()
    hood.by_phone |= Counter({bytes(key): n for key, n in held.annotate(n=Count("customer", distinct=True))})
    return hood
