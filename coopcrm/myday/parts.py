"""What a day is made of: lines, sections, figures; and addresses of pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.urls import NoReverseMatch, reverse

from customers.tasks.selectors import TaskLine
from kpi import dashboard

SHOWN = 6


@dataclass(frozen=True)
class Line:
    """One thing to do: a name that opens it, what it is about, and the one action; a task is done in its place."""

    title: str
    url: str = ""
    text: str = ""
    badge: tuple[str, str, str] | None = None
    action: str = ""
    action_url: str = ""
    task: TaskLine | None = None


@dataclass(frozen=True)
class Section:
    """Things of one kind: how many in all, the first of them, and what to do when there are none."""

    title: str
    kind: str
    total: int
    lines: Sequence[Line] = ()
    url: str = ""
    empty: str = ""
    empty_url: str = ""
    empty_link: str = ""


@dataclass(frozen=True)
class OwnFigure:
    """A figure of the person: this week's value, the week before, and the weeks as a line."""

    label: str
    value: int
    series: Sequence[int]
    url: str = ""
    note: str = ""


@dataclass(frozen=True)
class Day:
    """The page of one post."""

    greeting: str
    sections: Sequence[Section]
    figures: Sequence[dashboard.Figure] = ()
    primary: tuple[str, str, str] | None = None
    changes: Sequence[dict] = ()
    ranking: dict | None = None
    notes: dict = field(default_factory=dict)
    own: Sequence[OwnFigure] = ()


def address(name: str, *args: Any) -> str:
    """The address of a page; empty where the page is not served."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def with_household(name: str, household_id: int) -> str:
    """The address of a page that asks which household it is about."""
    page = address(name)
    return page and f"{page}?household={household_id}"
