"""By night: people who belong to no household are compared with their village, and the likely become questions.

Nobody is put into a household by night: an import joins what one ledger says of people it has just met, everything
else is answered by people.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from django.db.models import Count, Exists, OuterRef, Q

from customers.choices import CustomerKind, CustomerState, NameCountKind
from customers.kinship.questions import Ask, ask
from customers.matching.households import Dweller, Neighbourhood, Tie, ties
from customers.matching.records import spouses_of
from customers.models import Customer, Membership, NameCount, Phone

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

    Two records of one name are one person twice, which is another question.
    """
    people = _dwellers(village)
    homeless = {i for i, person in enumerate(people) if person.home is None}
    found = [
        tie
        for tie in ties(people, _neighbourhood(people), among=homeless)
        if not people[tie.first].names & people[tie.second].names
    ]
    return {"homeless": len(homeless), "household questions": ask(_ask(people, tie) for tie in found)}


def _ask(people: list[Dweller], tie: Tie) -> Ask:
    return Ask(people[tie.first].key, people[tie.second].key, tie.bits, tie.evidence)


def _dwellers(village: int) -> list[Dweller]:
    rows = Customer.objects.filter(LIVING, village=village).order_by("pk")
    lines = list(rows.values_list("pk", "name_key", "group_no", "sex", "birth_date"))
    ids = [pk for pk, *_ in lines]
    home = dict(
        Membership.objects.filter(customer__in=ids, valid_to=None).values_list("customer", "household")
    )
    spouses = spouses_of(ids)
    phones: dict[int, set[str]] = defaultdict(set)
    for pk, key in Phone.objects.filter(customer__in=ids, valid_to=None).values_list(
        "customer", "number_key"
    ):
        phones[pk].add(f"key {bytes(key).hex()}")
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
        for pk, name, group, sex, born in lines
    ]


def _neighbourhood(people: list[Dweller]) -> Neighbourhood:
    """How common things are: the village counts itself, names and phones are counted in the whole registry."""
    hood = Neighbourhood.of(people)
    names, surnames = {n for p in people for n in p.names}, {s for p in people for s in p.surnames}
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
    keys = [bytes.fromhex(phone.removeprefix("key ")) for phone in hood.by_phone]
    held = Phone.objects.filter(number_key__in=keys, valid_to=None).values_list("number_key")
    hood.by_phone |= Counter(
        {
            f"key {bytes(key).hex()}": n
            for key, n in held.annotate(n=Count("customer", distinct=True)).order_by()
        }
    )
    return hood
