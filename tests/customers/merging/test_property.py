"""Random merges, writes and undos end where they began: every row with whom it belongs to, every value as it was."""

import random

import pytest
from django.utils import timezone

from branches.choices import PostCode
from coopcrm.shared import acting
from customers.merging import later
from customers.merging.choices import Side
from customers.merging.relations import MOVE, relations
from customers.merging.services import merge
from customers.merging.undoing import undo_merge
from customers.merging.values import as_it_was
from customers.models import Customer, Household, Marriage, Membership, Merge, ReviewPair
from customers.persons.phones import add_phone
from customers.provenance.services import state_values
from loans.models import CreditLine
from tests.book import make_account, make_line
from tests.factories import (
    add_document,
    branch_of,
    hang_tag,
    make_customer,
    make_household,
    make_pair,
    make_staff,
    make_tag,
    make_task,
    resident_number,
)

pytestmark = pytest.mark.django_db
NAMES = ("张桂兰", "張桂蘭", "张桂蓝", "张贵兰")
STEPS = 14


class World:
    """Four records and a book of whose every row truly is, also of those that are written on a joined record."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.director, self.second = make_staff(PostCode.DIRECTOR), make_staff(PostCode.UNION_CREDIT)
        self.branch = branch_of(self.director)
        self.tags = [make_tag(branch=self.branch) for _ in range(3)]
        self.people = [
            make_customer(name, branch=self.branch, number=resident_number(), occupation=str(place))
            for place, name in enumerate(NAMES)
        ]
        self.owners = self.rows()
        self.sides: dict[int, set[int]] = {}
        self._furnish()

    def _furnish(self) -> None:
        first, second, third, fourth = self.people
        make_line(make_household(first, members=(second,)))
        make_household(third)
        make_pair(second, third)
        husband = make_customer("王建国", branch=self.branch)
        low, high = sorted((fourth, husband), key=lambda one: one.pk)
        Marriage.objects.create(first=low, second=high)
        for person in (*self.people, *self.people):
            self.write(person)

    def write(self, record: Customer | None = None) -> None:
        """Something is written on a record that stands; it is truly about one of those that it stands for."""
        living = record or self.dice.choice(self.living())
        group = [living, *Customer.objects.filter(merged_into=living).order_by("pk")]
        self.dice.choice((self._phone, self._account, self._tag, self._task, self._document, self._place))(
            living, group
        )
        owner = self.dice.choice(group)
        for key in self.rows():
            self.owners.setdefault(key, owner.pk)

    def _phone(self, living, group):
        number = f"139{self.dice.randrange(10**8):08d}"
        add_phone(staff=self.director, customer=living, number=number, as_of=timezone.localdate())

    def _account(self, living, group):
        make_account(living)

    def _tag(self, living, group):
        tag = self.dice.choice(self.tags)
        if not tag.hung.filter(customer__in=group).exists():
            hang_tag(living, tag)

    def _task(self, living, group):
        make_task(self.branch, customer=living, key=str(self.dice.random()))

    def _document(self, living, group):
        add_document(living, resident_number())

    def _place(self, living, group):
        today = timezone.localdate()
        said = {"address": f"No. {self.dice.randrange(100)}"}
        state_values(customer=living, values=said, source="document", on=today, staff=self.director)

    def join(self) -> None:
        """Two of the records that stand become one; two people have agreed."""
        survivor, other = self.dice.sample(self.living(), 2)
        theirs = {other.pk, *Customer.objects.filter(merged_into=other).values_list("pk", flat=True)}
        row = merge(staff=self.second, survivor=survivor, other=other, proposed_by=self.director)
        self.sides[row.pk] = theirs

    def undo(self, row: Merge) -> None:
        """Take a merge back; people know of every row whose it is."""
        answers = {
            one.key: Side.OTHER if self.owners.get(one.key) in self.sides[row.pk] else Side.SURVIVOR
            for one in later.written_since(row)
        }
        beyond = later.chain(row)[1:]
        undo_merge(staff=self.director, merge=row, reason="Two people.", answers=answers)
        for link in beyond:
            self.sides[link.pk] -= self.sides[row.pk]

    def living(self) -> list[Customer]:
        ids = [one.pk for one in self.people]
        return list(Customer.objects.filter(pk__in=ids, merged_into=None).order_by("pk"))

    def rows(self) -> dict[tuple[str, int], int]:
        """Whose every row is by the database, of those that people are asked about (statements: by what is shown)."""
        found = {}
        for one in relations(Customer, MOVE):
            if (
                one.asks
                and one.field == "customer"
                and one.model.__name__ not in ("OtherName", "Statement", "HouseholdEvent")
            ):
                rows = one.model._base_manager.filter(customer__in=self.people)
                if one.model.__name__ == "Task":
                    rows = rows.filter(kind="call")
                found |= {(one.label, pk): owner for pk, owner in rows.values_list("pk", "customer")}
        return found

    def values(self) -> dict:
        """What every record shows, and into which it is merged; addresses are written about in between."""
        return {
            one.pk: {k: v for k, v in as_it_was(one).items() if k not in ("address", "disputed")}
            | {"into": one.merged_into_id}
            for one in Customer.objects.order_by("pk")
        }

    def homes(self) -> dict:
        """Who lives where as what, heads, lines, couples."""
        return {
            "stays": sorted(
                Membership.objects.filter(valid_to=None).values_list("customer", "household", "relation")
            ),
            "heads": list(Household.objects.order_by("pk").values_list("pk", "head", "valid_to")),
            "lines": list(CreditLine.objects.order_by("pk").values_list("pk", "state")),
            "couples": sorted(Marriage.objects.values_list("first", "second")),
        }


@pytest.mark.parametrize("seed", [4, 43, 107, 161])
def test_random_merges_writes_and_undos_end_where_they_began(seed):
    """Rows, values, memberships, heads and lines, when merges are taken back in turn (even seeds) and in any order."""
    world = World(seed)
    in_turn = seed % 2 == 0
    with acting.as_system("property"):
        before = world.values(), world.homes()

        for _step in range(STEPS):
            done = list(Merge.objects.filter(state="done").order_by("pk"))
            if done and world.dice.random() < 0.3:
                world.undo(done[-1] if in_turn else world.dice.choice(done))
            elif len(world.living()) > 1 and world.dice.random() < 0.5:
                world.join()
            else:
                world.write()
        while done := list(Merge.objects.filter(state="done").order_by("pk")):
            world.undo(done[-1] if in_turn else world.dice.choice(done))

        assert world.rows() == world.owners
        assert world.values() == before[0]
        assert world.homes() == before[1]
        assert not ReviewPair.objects.filter(state="same").exists()
