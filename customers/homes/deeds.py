"""One deed in the life of one or several households: it locks, writes memberships and heads, and leaves its events.

Every service of this room works through a ``Deed``; nothing else writes memberships of people who live. What a deed
has written in a household stands in ``HouseholdEvent.changes``, so that it can be taken back.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NoReturn

from django.db.models import Q
from django.utils.translation import gettext as _

from branches.models import StaffMember, Unit
from coopcrm.shared.errors import Refused, require
from coopcrm.shared.fields import draw_ids
from coopcrm.shared.inserting import insert
from customers import registries
from customers.choices import CustomerKind, CustomerState, Relation
from customers.homes import policies, todo
from customers.homes.choices import Paper
from customers.models import Customer, Household, HouseholdEvent, Membership
from customers.selectors import name_for
from customers.tasks.services import move_tasks, settle_tasks


@dataclass
class Deed:
    """What is being written down: the kind, the day, who says so and why."""

    kind: str
    staff: StaffMember
    on: date
    as_of: date
    reason: str = ""
    paper: str = Paper.NONE
    key: uuid.UUID = field(default_factory=uuid.uuid4)
    changes: dict[int, dict[str, Any]] = field(default_factory=dict)
    _just_opened: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        require(self.on <= self.as_of, _("The day lies in the future. Check the date."), code="in_the_future")
        self.reason = " ".join(self.reason.split())

    # -- Locks and checks ----------------------------------------------------------------------------------------------

    def lock(self, *people: Customer) -> list[Customer]:
        """Lock people in the order of their ids and return them as given, read anew; they live and are persons."""
        ids = sorted({person.pk for person in people})
        rows = Customer.objects.select_for_update(of=["self"]).filter(pk__in=ids).order_by("pk")
        found = {row.pk: row for row in rows}
        for person in found.values():
            self._require_ours(person)
            require_living_person(person, self.on)
        return [found[person.pk] for person in people]

    def _require_ours(self, person: Customer) -> None:
        """Nothing is said about a person of another branch who belongs to none of the own households."""
        if policies.may_keep_at(self.staff, person.branch_id):
            return
        stays = Membership.objects.filter(Q(valid_to=None) | Q(valid_to__gt=self.on), customer=person)
        if not any(
            policies.may_keep(self.staff, stay.household) for stay in stays.select_related("household")
        ):
            self._refuse_foreign(person)

    def _refuse_foreign(self, person: Customer) -> NoReturn:
        text = _(
            "%(name)s is a customer of %(branch)s. Ask for the transfer on the person's page; when that branch has "
            "agreed, write it down here."
        )
        words = {"name": name_for(self.staff, person), "branch": person.branch}
        raise Refused(text % words, code="other_branch")

    def lock_household(self, household: Household) -> Household:
        """Lock a household that stands on the day and is managed by the person's branch."""
        row = self._locked(household)
        require(
            policies.may_keep(self.staff, row),
            _("Household #%(no)s belongs to %(branch)s; its people are written down there.")
            % {"no": row.pk, "branch": row.branch},
            code="other_branch",
        )
        require(
            row.valid_from <= self.on,
            _("Household #%(no)s was opened on %(day)s; nothing happened to it before.")
            % {"no": row.pk, "day": row.valid_from},
            code="before_the_household",
        )
        return self._standing(row)

    def _locked(self, household: Household) -> Household:
        rows = Household.objects.select_for_update(of=["self"]).select_related("branch", "head")
        return rows.get(pk=household.pk)

    def _standing(self, row: Household) -> Household:
        """A household that is not closed takes part in the deed."""
        require(
            row.valid_to is None,
            _("Household #%(no)s was closed on %(day)s.") % {"no": row.pk, "day": row.valid_to},
            code="household_closed",
        )
        self._of(row)
        return row

    def current(self, person: Customer) -> Membership | None:
        """Where the person belongs now; nothing may be written before the day it began."""
        rows = Membership.objects.filter(
            Q(valid_to=None) | Q(valid_to__gt=self.on), customer=person
        ).select_related("household__branch", "customer")
        found = list(rows.order_by("valid_from"))
        if not found:
            return None
        if found[-1].valid_from > self.on or found[0].valid_to is not None:
            text = _("%(name)s has belonged to household #%(no)s since %(day)s. Choose a later day.")
            last = found[-1]
            raise Refused(
                text % {"name": person, "no": last.household_id, "day": last.valid_from},
                code="later_events",
            )
        return found[0]

    def branch_takes(self, person: Customer, household: Household) -> None:
        """A person of the household's branch may come; one of another branch is handed over first."""
        self.branch_takes_at(person, household.branch)

    def branch_takes_at(self, person: Customer, branch: Unit) -> None:
        """``branch_takes`` for a household that this branch is about to open."""
        if person.branch_id == branch.pk:
            return
        if policies.may_keep_at(self.staff, person.branch_id):
            move_tasks(to=branch, people=[person.pk])
            Customer.objects.filter(pk=person.pk).update(branch=branch.pk)
            person.branch_id = branch.pk
            return
        self._refuse_foreign(person)

    # -- Writing -------------------------------------------------------------------------------------------------------

    def _of(self, household: Household) -> dict[str, Any]:
        empty: dict[str, Any] = {"ended": [], "began": [], "customer": None, "partner": None}
        return self.changes.setdefault(household.pk, empty)

    def freeze(self, household: Household) -> None:
        """Keep the household's line from being drawn on until a director has looked at the household again."""
        frozen = {
            name: ids
            for name, keeper in registries.household_lines.items()
            if (ids := keeper.freeze(household))
        }
        changes = self._of(household)
        changes["asks_review"] = True
        for name, ids in frozen.items():
            changes.setdefault("frozen", {}).setdefault(name, []).extend(ids)

    def restate(self, household: Household, membership: Membership, relation: str) -> None:
        """Give a member another relation to the head from the day on; the earlier one stays in the history."""
        if membership.relation == relation:
            return
        self.end(membership)
        self.begin(household, membership.customer, relation)

    def note(self, household: Household, **facts: Any) -> None:
        """Remember something of what the deed did in a household, by plain values."""
        self._of(household).update(facts)

    def about(self, household: Household, customer: Customer | None, partner: Customer | None = None) -> None:
        """Say whom the event of a household is about."""
        self.note(
            household, customer=customer.pk if customer else None, partner=partner.pk if partner else None
        )

    def about_also(self, household: Household, person: Customer) -> None:
        """Say that the event of a household is about this person as well."""
        changes = self._of(household)
        if changes["customer"] is None:
            changes["customer"] = person.pk
        elif changes["customer"] != person.pk:
            changes["partner"] = person.pk

    def end(self, membership: Membership) -> None:
        """End a membership on the day; the household is without a head when it was the head's."""
        household = membership.household
        membership.valid_to = self.on
        membership.save(update_fields=["valid_to"])
        self._of(household)["ended"].append(membership.pk)
        self._just_opened.discard(household.pk)
        if membership.relation == Relation.HEAD:
            self.set_head(household, None)

    def opened(self, stay: Membership) -> None:
        """Note a household that was written with its head a moment ago: nobody else can know it."""
        self.note(stay.household, opened=True, began=[stay.pk], head=None)
        self.about(stay.household, stay.customer)
        self._just_opened.add(stay.household_id)

    def begin(self, household: Household, person: Customer, relation: str) -> Membership:
        """Let a person belong to a household from the day on."""
        if relation == Relation.HEAD:
            self._require_no_head(household)
        row = Membership.objects.create(
            household=household, customer=person, relation=relation, valid_from=self.on
        )
        self._of(household)["began"].append(row.pk)
        if relation == Relation.HEAD:
            self.set_head(household, person)
        return row

    def _require_no_head(self, household: Household) -> None:
        rows = household.memberships.filter(
            Q(valid_to=None) | Q(valid_to__gt=self.on), relation=Relation.HEAD
        )
        require(
            not rows.exists(),
            _("This household has a head already. Choose the relation to the head."),
            code="household_has_head",
        )

    def set_head(self, household: Household, person: Customer | None) -> None:
        """Name the head on the household's row."""
        self._of(household).setdefault("head", household.head_id)
        household.head = person
        Household.objects.filter(pk=household.pk).update(head=person)

    def _settle(self) -> None:
        """Close what nobody belongs to any more, and freeze the line of a household that is left without a head."""
        touched = self.changes.keys() - self._just_opened
        if not touched:
            return
        stays = Membership.objects.filter(Q(valid_to=None) | Q(valid_to__gt=self.on), household__in=touched)
        relations: dict[int, set[str]] = {pk: set() for pk in touched}
        for pk, relation in stays.values_list("household", "relation"):
            relations[pk].add(relation)
        for pk, found in relations.items():
            if Relation.HEAD in found:
                continue
            if not found:
                self.changes[pk]["closed"] = True
                Household.objects.filter(pk=pk).update(valid_to=self.on)
            if "head" in self.changes[pk] and "asks_review" not in self.changes[pk]:
                self.freeze(Household.objects.get(pk=pk))

    def write(self, kinds: dict[int, str] | None = None) -> list[HouseholdEvent]:
        """Leave an event in every household the deed has touched; ``kinds`` names another kind for some."""
        self._settle()
        rows = []
        for pk, changes in sorted(self.changes.items()):
            customer, partner = changes.pop("customer"), changes.pop("partner")
            rows.append(
                HouseholdEvent(
                    household_id=pk,
                    deed=self.key,
                    kind=(kinds or {}).get(pk, self.kind),
                    happened_on=self.on,
                    customer_id=customer,
                    partner_id=partner,
                    paper=self.paper,
                    reason=self.reason,
                    changes=changes,
                    recorded_by=self.staff,
                )
            )
        if len(rows) > 1:
            for row, number in zip(rows, draw_ids(HouseholdEvent, len(rows)), strict=True):
                row.pk = number
        if rows:
            insert(*rows)
        self._follow_up(rows)
        return rows

    def _follow_up(self, events: list[HouseholdEvent]) -> None:
        """Open what the events leave to do, and close what they settle; a household just opened has neither."""
        new = self._just_opened
        asking = [e for e in events if e.household_id not in new or todo.ASKING & e.changes.keys()]
        if asking:
            todo.ask(asking, as_of=self.as_of)
        had_tasks = [event.household_id for event in events if not event.changes.get("opened")]
        if had_tasks:
            settle_tasks(as_of=self.as_of, households=had_tasks)


def require_living_person(person: Customer, on: date) -> None:
    """Refuse organisations, merged and erased records, and whoever had died by the day."""
    require(
        person.kind == CustomerKind.PERSON,
        _("%(name)s is an organisation; people alone belong to households.") % {"name": person},
        code="not_a_person",
    )
    require(
        person.deceased_on is None or on < person.deceased_on,
        _("%(name)s died on %(day)s.") % {"name": person, "day": person.deceased_on},
        code="deceased",
    )
    ends = (CustomerState.MERGED, CustomerState.ERASED)
    require(
        person.state not in ends and not person.is_locked,
        _("The record of %(name)s is not kept any more.") % {"name": person},
        code="record_ended",
    )
    require(
        person.birth_date is None or person.birth_date <= on,
        _("%(name)s was born on %(day)s.") % {"name": person, "day": person.birth_date},
        code="before_birth",
    )
