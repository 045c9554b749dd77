"""The organisation chart: units as a tree with their people, planned posts and vacancies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db.models import F, Q
from django.utils import timezone

from branches.choices import PostCode, UnitKind
from branches.models import PlannedPost, Post, Unit
from branches.selectors.people import posts_on

RANK = {code: number for number, code in enumerate(reversed(PostCode.values))}
LEADERS = (PostCode.DIRECTOR, PostCode.DEPUTY_DIRECTOR)
HISTORY_LINES = 40


@dataclass(frozen=True)
class Vacancy:
    """A post that is planned and not held."""

    code: str
    label: str
    open_places: int


@dataclass
class Node:
    """A unit of the chart with what hangs below it."""

    unit: Unit
    posts: list[Post] = field(default_factory=list)
    vacancies: list[Vacancy] = field(default_factory=list)
    below: list[Node] = field(default_factory=list)
    is_hit: bool = False
    is_open: bool = False

    @property
    def icon(self) -> str:
        """The icon of its kind."""
        return {UnitKind.UNION: "building-community", UnitKind.COUNTER: "coins"}.get(
            self.unit.kind, "building-bank"
        )

    @property
    def people(self) -> int:
        """People with a post here today, each once."""
        return len({post.staff_id for post in self.posts})

    @property
    def open_places(self) -> int:
        return sum(one.open_places for one in self.vacancies)

    @property
    def people_below(self) -> int:
        """People here and in all units below."""
        return self.people + sum(node.people_below for node in self.below)

    @property
    def open_below(self) -> int:
        """Open places here and in all units below."""
        return self.open_places + sum(node.open_below for node in self.below)

    @property
    def leader(self) -> Post | None:
        """The director, else the deputy."""
        found = [post for post in self.posts if post.code in LEADERS]
        return min(found, key=lambda post: LEADERS.index(post.code), default=None)

    def walk(self) -> Iterator[Node]:
        """This node and all below, top down."""
        yield self
        for node in self.below:
            yield from node.walk()


def chart(day: date, typed: str = "") -> list[Node]:
    """The open units as a tree, in three queries; with ``typed`` only what fits it and what stands above that."""
    nodes = {unit.pk: Node(unit) for unit in Unit.objects.open_on(day).order_by("code")}
    for post in posts_on(day).select_related("staff", "stands_in_for").order_by("-code", "valid_from"):
        if post.unit_id in nodes:
            nodes[post.unit_id].posts.append(post)
    planned: dict[int, list[PlannedPost]] = {}
    for row in PlannedPost.objects.filter(places__gt=0):
        planned.setdefault(row.unit_id, []).append(row)
    roots = []
    for node in nodes.values():
        node.posts.sort(key=lambda post: -RANK[post.code])
        node.vacancies = _vacancies(planned.get(node.unit.pk, []), node.posts)
        above = nodes.get(node.unit.parent_id)
        (above.below if above else roots).append(node)
        node.is_open = above is None or bool(typed)
    return _only_hits(roots, typed.strip().lower()) if typed.strip() else roots


def _vacancies(planned: list[PlannedPost], posts: list[Post]) -> list[Vacancy]:
    held = Counter(post.code for post in posts if post.stands_in_for_id is None)
    missing = ((row, row.places - held[row.code]) for row in planned)
    found = [Vacancy(row.code, row.get_code_display(), places) for row, places in missing if places > 0]
    return sorted(found, key=lambda one: -RANK[one.code])


def _only_hits(nodes: list[Node], typed: str) -> list[Node]:
    kept = []
    for node in nodes:
        node.is_hit = typed in node.unit.name.lower() or node.unit.code.startswith(typed) or _has(node, typed)
        node.below = _only_hits(node.below, typed)
        if node.is_hit or node.below:
            kept.append(node)
    return kept


def _has(node: Node, typed: str) -> bool:
    return any(
        typed in post.staff.full_name.lower() or typed == post.staff.username.lower() for post in node.posts
    )


@dataclass(frozen=True)
class PostLine:
    """A post of a unit against its plan."""

    code: str
    label: str
    held: int
    planned: int | None

    @property
    def open_places(self) -> int:
        return max(0, (self.planned or 0) - self.held)


def post_lines(unit: Unit, posts: list[Post]) -> list[PostLine]:
    """Planned and held posts of one unit, the highest first."""
    planned = dict(unit.planned_posts.filter(places__gt=0).values_list("code", "places"))
    held = Counter(post.code for post in posts if post.unit_id == unit.pk and post.stands_in_for_id is None)
    labels = dict(PostCode.choices)
    codes = sorted({*planned, *held}, key=lambda code: -RANK[code])
    return [PostLine(code, str(labels[code]), held[code], planned.get(code)) for code in codes]


@dataclass(frozen=True)
class Event:
    """A line of a unit's history; ``what`` is a code that the page puts into words."""

    day: date
    what: str
    post: Post | None = None
    count: int = 0


def unit_history(unit: Unit, today: date) -> list[Event]:
    """What happened to a unit, latest first: opening and closing, posts, villages, hours; four queries."""
    events = [Event(unit.opened_on, "opened")] if unit.opened_on else []
    if unit.closed_on:
        events.append(Event(unit.closed_on, "closed"))
    posts = (
        Post.objects.filter(unit=unit)
        .exclude(valid_to=F("valid_from"))
        .select_related("staff", "stands_in_for")
    )
    for post in posts.order_by("-valid_from")[:HISTORY_LINES]:
        events.append(Event(post.valid_from, "post_begun", post=post))
        if post.valid_to:
            events.append(Event(post.valid_to, "post_ended", post=post))
    events += _villages_moved(unit)
    starts = unit.opening_hours.order_by().values_list("valid_from", flat=True).distinct()
    events += [Event(day, "hours") for day in starts]
    events.sort(key=lambda event: event.day, reverse=True)
    return events[:HISTORY_LINES]


def _villages_moved(unit: Unit) -> list[Event]:
    services = unit.area_services.exclude(valid_to=F("valid_from"))
    began = Counter(services.values_list("valid_from", flat=True))
    ended = Counter(services.exclude(valid_to=None).values_list("valid_to", flat=True))
    taken = [Event(day, "villages_taken", count=count) for day, count in began.items() if day.year > 1900]
    return taken + [Event(day, "villages_given", count=count) for day, count in ended.items()]


# -- Drawn -------------------------------------------------------------------------------------------------------------

BOX_WIDTH, BOX_HEIGHT = 208, 46
ROW, COLUMN, MARGIN = 58, 268, 12


@dataclass(frozen=True)
class Box:
    """A unit in the drawing, with the top left corner of its box."""

    node: Node
    x: int
    y: int

    @property
    def middle(self) -> int:
        return self.y + BOX_HEIGHT // 2


@dataclass(frozen=True)
class Drawing:
    """Boxes and the lines between them, in units of the drawing."""

    boxes: list[Box]
    lines: list[str]
    width: int
    height: int


def drawing(roots: list[Node]) -> Drawing:
    """Lay the tree out from left to right: a parent stands beside the first of what is below it."""
    boxes: list[Box] = []
    lines: list[str] = []
    next_row = [0]

    def place(node: Node, depth: int) -> Box:
        below = [place(child, depth + 1) for child in node.below]
        if below:
            y = below[0].y
        else:
            y = MARGIN + ROW * next_row[0]
            next_row[0] += 1
        box = Box(node, MARGIN + COLUMN * depth, y)
        boxes.append(box)
        start, bend = box.x + BOX_WIDTH, box.x + BOX_WIDTH + (COLUMN - BOX_WIDTH) // 2
        lines.extend(f"M{start} {box.middle}H{bend}V{child.middle}H{child.x}" for child in below)
        return box

    for root in roots:
        place(root, 0)
    depth = max((box.x for box in boxes), default=0)
    return Drawing(boxes, lines, depth + BOX_WIDTH + MARGIN, MARGIN + ROW * max(1, next_row[0]))


def heirs_of(unit: Unit) -> list[Unit]:
    """Units that can take over the villages of one that closes."""
    today = timezone.localdate()
    kinds = Q(kind=UnitKind.BRANCH) | Q(kind=UnitKind.SUB_BRANCH)
    return list(Unit.objects.not_closed_on(today + timedelta(days=1)).filter(kinds).exclude(pk=unit.pk))
