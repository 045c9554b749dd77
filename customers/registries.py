"""Small registries that the apps above fill in ``AppConfig.ready``, so that the arrows keep pointing down.

A handler is called in the caller's transaction. The registry knows functions, never the apps they come from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext_lazy as _

PAGES = ("customer", "household")
PLACES = ("head", "main", "side")
EVENT_KINDS = {
    "record": _("Record and documents"),
    "household": _("Household"),
    "contact": _("Visits and contacts"),
    "facts": _("Facts"),
    "credit": _("Lines and loans"),
    "rating": _("Ratings and tiers"),
    "money": _("Payments by month"),
    "privacy": _("Consents and sharing"),
}


class Registry:
    """Named functions in the order in which they were registered."""

    def __init__(self) -> None:
        self._entries: dict[str, Callable[..., Any]] = {}

    def register(self, name: str, function: Callable[..., Any]) -> None:
        """Add ``function`` under ``name``; a name taken by another function is an error."""
        if self._entries.get(name, function) is not function:
            raise ValueError(f"{name} is registered already.")
        self._entries[name] = function

    def get(self, name: str) -> Callable[..., Any] | None:
        """The function of that name, or None."""
        return self._entries.get(name)

    def items(self) -> Iterator[tuple[str, Any]]:
        """Names and functions in order."""
        return iter(self._entries.items())

    def __iter__(self) -> Iterator[Callable[..., Any]]:
        return iter(self._entries.values())


class Placed(Registry):
    """Functions that draw a part of a page: each knows on which pages it stands, where, and in which order."""

    def __init__(self) -> None:
        super().__init__()
        self._spots: dict[str, Spot] = {}

    def register(
        self,
        name: str,
        function: Callable[..., Any],
        *,
        place: str = "main",
        order: int = 500,
        on: Iterable[str] = ("customer",),
    ) -> None:
        """Add ``function`` to the pages ``on`` at ``place``; what has the lower order stands first."""
        super().register(name, function)
        spot = Spot(place, order, tuple(on))
        if spot.place not in PLACES or not set(spot.on) <= set(PAGES):
            raise ValueError(f"{name} stands on no page or at no place that there is.")
        self._spots[name] = spot

    def placed(self, page: str) -> list[tuple[str, Callable[..., Any]]]:
        """``(place, function)`` of a page in order."""
        chosen = [(name, spot) for name, spot in self._spots.items() if page in spot.on]
        chosen.sort(key=lambda one: one[1].order)
        return [(spot.place, self._entries[name]) for name, spot in chosen]


class TimelineSources(Registry):
    """Functions that tell what happened; each tells one kind of things, by which a timeline is filtered."""

    def __init__(self) -> None:
        super().__init__()
        self._kinds: dict[str, tuple[str, tuple[str, ...]]] = {}

    def register(
        self, name: str, function: Callable[..., Any], *, kind: str, on: Iterable[str] = ("customer",)
    ) -> None:
        """Add ``function`` that tells events of ``kind`` (``EVENT_KINDS``); one ``on`` households needs no customer."""
        if kind not in EVENT_KINDS or not set(on) <= set(PAGES):
            raise ValueError(f"{name}: there is no kind of event {kind}, or no such page.")
        super().register(name, function)
        self._kinds[name] = (kind, tuple(on))

    def chosen(self, page: str, kind: str = "") -> list[Callable[..., Any]]:
        """Functions for a page in order, of one kind or of all."""
        return [each for name, each in self.items() if self._tells(name, page, kind)]

    def _tells(self, name: str, page: str, kind: str) -> bool:
        own, pages = self._kinds[name]
        return page in pages and kind in ("", own)

    def kinds(self, page: str) -> list[tuple[str, Any]]:
        """Codes and labels of what is told on a page."""
        told = {kind for kind, pages in self._kinds.values() if page in pages}
        return [(code, label) for code, label in EVENT_KINDS.items() if code in told]


ledger_row_handlers = Registry()
"""By ledger kind: ``handler(batch)`` receives the accepted rows of a file and writes what the app above keeps."""

import_made = Registry()
"""By table: the model whose rows an import makes beside customers and households; an undo takes them back."""

timeline_sources = TimelineSources()
"""``source(staff, customer, households, window)`` returns ``TimelineEvent``s inside the ``Window``, latest first.

On the page of a household ``customer`` is None: only sources registered for it are asked there.
"""

page_cards = Placed()
"""``card(staff, customer, household)`` returns ``(template name, context)`` or None.

On the page of a household ``customer`` is its head, or None.
"""

page_actions = Placed()
"""``action(staff, customer, household)`` returns a ``PageAction`` or None.

The first primary one is a button, the others stand in a menu.
"""

page_badges = Placed()
"""``badges(staff, customer, household)`` returns ``[PageBadge]`` that stand beside the name, or None."""

slip_parts = Registry()
"""``part(staff, customer)`` returns ``(template name, context)`` for the foot of a printed slip, or None."""

number_finders = Registry()
"""``finder(digits)`` returns ``[(customer id, reason in words)]`` for a number typed into the search (accounts)."""

list_columns = Registry()
"""``column(staff, customer ids)`` returns ``(heading, {customer id: (badge kind, code) or text})``, in one query."""

list_filters = Registry()
"""By query parameter: ``ListFilter`` by which the list of customers can be narrowed."""

number_readers = Registry()
"""By code: ``reader(customer, pk)`` returns ``(sealed row, kind in words)`` of one number of a customer, or None."""

exposures = Registry()
"""``exposure(staff, household, member ids)`` returns ``[Exposure]`` for the household's page."""

personal_tables = Registry()
"""By model label: the ``PersonalTable`` that says what a copy shows of it and what an erasure takes (``personal``)."""

relation_ends = Registry()
"""SQL that selects ``person, is_open, last_day`` of products and obligations, for the persons in ``leaving``."""

judgements = Registry()
"""``judgement(staff, customer, household)`` returns ``[(words, address)]`` of decisions that a person may question."""

merge_relations = Registry()
"""By label (app.Model.field): the ``MergeRelation`` that says what a merge does with rows that point to a side."""

merge_credit = Registry()
"""``credit(customer ids, household ids)`` returns ``MergeCredit``: who owes, and which households have a line."""

occasions = Registry()
"""By code: ``feedback.occasions.Occasion``, a kind of contact after which a customer is asked about the service."""

opinion_measures = Registry()
"""By code (csat, nps): ``measure({answer: count})`` returns a figure, or None while the answers are too few."""

campaign_measures = Registry()
"""By code: the ``CampaignMeasure`` by which contacted and held-out people are compared."""

handover_facts = Registry()
"""``weigh(household ids)`` returns ``{household id: HandoverFacts}`` for the list of a handover, set-based."""

task_kinds = Registry()
"""By code: ``TaskKind`` of what people have to do."""

reminder_sources = Registry()
"""By code, which is also the kind of task: ``ReminderSource`` of what the night reminds of."""

best_customers: list[str] = []
"""SQL that selects ``customer_id, weight`` of the best customers of the branch ``%(branch)s`` on ``%(as_of)s``."""

account_keys: list[str] = []
"""SQL that selects ``person, number``: who holds accounts, and the keyed digests of their numbers."""

review_worth: list[str] = []
"""SQL that selects ``customer_id, worth`` of the customers in ``asked``: what hangs on knowing who they are."""


@dataclass(frozen=True)
class ReminderSource:
    """What people are reminded of, and its figures where nobody has set others (handbook §7.1).

    ``sql`` (text, or a function that makes it) selects for one branch and day ``household_id, customer_id, owner_id,
    due_on, key, params, weight``; its parameters are ``branch``, ``as_of`` and ``lead``, which counts ``unit``s.
    ``reason`` is a message id that says ``day`` of the params, ``unknown`` another one where there is no day.
    """

    label: Any
    reason: str
    sql: str | Callable[[], str]
    lead: int
    unit: str = "days"
    rest_days: int = 30
    most_open: int = 10
    unknown: str = ""

    def select(self) -> str:
        """The SQL; empty where nothing can be found yet."""
        return self.sql() if callable(self.sql) else self.sql


@dataclass(frozen=True)
class TaskKind:
    """A kind of task: its label and icon, and which open tasks of it are settled since their reason is gone.

    ``settled(tasks, as_of)`` narrows a queryset of open tasks of the kind, set-based; None: a person ends them.
    ``post`` does it where nobody else is named. ``may_snooze`` says whether it may be put off, ``calls`` that it is
    done by phone, ``action(task)`` where it is done: words and address; what ``ends_elsewhere`` is closed only there.
    """

    label: Any
    icon: str = "list-check"
    post: str = "director"
    settled: Callable[[Any, date], Any] | None = None
    may_snooze: bool = True
    calls: bool = False
    ends_elsewhere: bool = False
    action: Callable[[Any], tuple[Any, str] | None] | None = None


household_lines = Registry()
"""What a household may draw under: a ``LineKeeper`` that tells of it, freezes it and releases it."""

household_obstacles = Registry()
"""``obstacle(household, since)`` says in words what was booked on a household since a moment, or ""."""


@dataclass(frozen=True)
class LineKeeper:
    """How lines of a household are kept: frozen until a review, released by it, told in words.

    ``freeze`` returns the ids it has frozen, for ``release`` and ``tell`` to be given; what somebody else froze stays
    frozen.
    """

    tell: Callable[[list[int]], list[str]]
    freeze: Callable[[Any], list[int]]
    release: Callable[[Any, list[int], date | None], list[str]]


@dataclass(frozen=True)
class MergeRelation:
    """What becomes of rows whose ``field`` points to a customer or household that is joined to another (``how``).

    MOVE: they point to the survivor, but for rows of which the database allows one alone and the survivor has it.
    STAY: they are results of their day and remain with the record they were computed for; ``why`` says so. OWN: the
    room of merges has code of its own for them. ``asks`` says whether rows written since a merge are asked about when
    it is taken back.
    """

    model: type[Model]
    field: str
    how: str
    why: Any = ""
    asks: bool = True

    MOVE = "move"
    STAY = "stay"
    OWN = "own"

    @property
    def label(self) -> str:
        """app.Model.field"""
        return f"{self.model._meta.label}.{self.field}"

    @property
    def target(self) -> type[Model]:
        """Customer or Household."""
        return self.model._meta.get_field(self.field).related_model

    @property
    def column(self) -> str:
        """The column in the database."""
        return self.model._meta.get_field(self.field).column

    @property
    def key(self) -> str:
        """The column that identifies a row."""
        return self.model._meta.pk.column

    @property
    def words(self) -> str:
        """What the rows are, in the language of the page."""
        return str(self.model._meta.verbose_name_plural)


@dataclass(frozen=True)
class MergeCredit:
    """Customers with loans that are not repaid, and households with a line in force or frozen."""

    owing: frozenset[int] = frozenset()
    lines: frozenset[int] = frozenset()


@dataclass(frozen=True)
class CampaignMeasure:
    """Something that a campaign is meant to change: a ``share`` of people or ``money`` (yuan) a person.

    ``values`` is SQL that selects ``customer_id, value`` for people of %(campaign)s, from %(since)s until %(until)s;
    who has no row counts as 0.
    """

    label: Any
    kind: str
    values: str


@dataclass(frozen=True)
class HandoverFacts:
    """What a household owes (yuan), and whether one of its loans is overdue or worse than special mention."""

    exposure: Decimal = Decimal(0)
    has_problem_loan: bool = False


@dataclass(frozen=True)
class Exposure:
    """What a household has with us or owes, in yuan: a ``measure``, whose it is, and in which product.

    Measures: deposits, loans, overdue (a part of loans), guarantees; line, used, free of the household as a whole, for
    which ``customer_id`` is None.
    """

    measure: str
    yuan: Decimal
    customer_id: int | None = None
    product: str = ""
    url: str = ""
    until: date | None = None


@dataclass(frozen=True)
class ListFilter:
    """A choice above the list of customers: its label, its codes with labels, and how it narrows a queryset.

    ``is_day`` stands for a day instead of a choice (``narrow`` gets a date). ``choices_for`` offers codes that depend
    on who asks; ``is_main`` filters are always on show, the others are folded away.
    """

    label: Any
    choices: Callable[[], list[tuple[str, Any]]]
    narrow: Callable[[Any, Any], Any]
    is_day: bool = False
    is_main: bool = False
    choices_for: Callable[[Any], list[tuple[str, Any]]] | None = None


@dataclass(frozen=True)
class Spot:
    """Where a part stands: its place on the page, its order there, and the pages it stands on."""

    place: str
    order: int
    on: tuple[str, ...]


@dataclass(frozen=True)
class PageAction:
    """A deed that begins on a page: a link, or with ``posts`` a button that sends; ``key`` is pressed instead."""

    label: Any
    url: str
    icon: str = "chevron-right"
    is_primary: bool = False
    key: str = ""
    posts: bool = False


@dataclass(frozen=True)
class TimelineEvent:
    """One line of a customer's timeline: ``icon`` names a drawing of the sprite, ``url`` what opens, ``link`` how.

    ``source`` (said, document, seen, ledger, core) draws the dot that says where it is known from.
    """

    at: date
    title: Any
    text: Any = ""
    icon: str = "clock"
    url: str = ""
    link: Any = ""
    who: str = ""
    source: str = ""
    source_text: Any = ""


@dataclass(frozen=True)
class Window:
    """The part of a timeline that is asked for: at most ``limit`` events, none after ``until`` or before ``since``."""

    limit: int
    until: date | None = None
    since: date | None = None

    def holds(self, day: date) -> bool:
        """Whether a day lies inside."""
        return (self.until is None or day <= self.until) and (self.since is None or day >= self.since)

    def latest(self, rows: QuerySet, day: str, *, is_moment: bool = False) -> QuerySet:
        """Rows inside the window by the day in the column ``day``, latest first, no more than are asked for."""
        column = f"{day}__date" if is_moment else day
        inside = Q()
        if self.until is not None:
            inside &= Q(**{f"{column}__lte": self.until})
        if self.since is not None:
            inside &= Q(**{f"{column}__gte": self.since})
        return rows.filter(inside).order_by(f"-{day}", "-pk")[: self.limit]

    def cut(self, events: Iterable[TimelineEvent]) -> list[TimelineEvent]:
        """Of events that were computed, those inside the window, latest first."""
        inside = sorted((one for one in events if self.holds(one.at)), key=lambda one: one.at, reverse=True)
        return inside[: self.limit]


@dataclass(frozen=True)
class PageBadge:
    """A badge beside a name: of a kind and code that the look knows (grade, tier, state), or free with a tone."""

    label: Any = ""
    kind: str = ""
    code: str = ""
    tone: str = "neutral"
    icon: str = ""
    title: Any = ""
