"""Template tags of the frame: icons, amounts, badges and small drawings without inline style."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from coopcrm.shared.handbook import Topic, topic
from coopcrm.shared.money import in_capitals

register = template.Library()

NONE = "–"
MINUS = "\N{MINUS SIGN}"
FEN = Decimal("0.01")
TEN_THOUSAND = Decimal(10_000)

# tone, icon, label: what a stored code looks like; colour never stands alone
BADGES = {
    "grade": {
        "AAA": ("gold", "star", _("AAA outstanding")),
        "AA": ("ok", "award", _("AA excellent")),
        "A": ("ok", "", _("A good")),
        "B": ("warn", "", _("B fair")),
        "C": ("danger", "", _("C no credit")),
    },
    "class": {
        "normal": ("ok", "", _("Normal")),
        "special_mention": ("warn", "", _("Special mention")),
        "substandard": ("danger", "", _("Substandard")),
        "doubtful": ("danger", "", _("Doubtful")),
        "loss": ("danger", "circle-x", _("Loss")),
    },
    "tier": {
        "vip": ("gold", "star", _("VIP")),
        "gold": ("gold", "", _("Gold")),
        "silver": ("neutral", "", _("Silver")),
        "standard": ("neutral", "", _("Standard")),
        "watch": ("warn", "eye", _("Watch")),
    },
    "state": {
        "done": ("ok", "circle-check", _("Done")),
        "running": ("info", "loader-2", _("Running")),
        "waiting": ("neutral", "clock", _("Waiting")),
        "failed": ("danger", "alert-circle", _("Failed")),
        "late": ("warn", "alert-triangle", _("late")),
        "cancelled": ("neutral", "player-stop", _("Cancelled")),
        "rated": ("ok", "circle-check", _("Rated")),
        "incomplete": ("warn", "alert-triangle", _("Facts missing")),
        "pending_panel": ("info", "clock", _("Waits for the panel")),
        "rejected": ("danger", "circle-x", _("Rejected")),
    },
}


@register.simple_tag
def rule_of(field) -> Topic | None:
    """The rule behind a field, where its form names one (``topics = {"number": "identity-number"}``)."""
    return topic(getattr(field.form, "topics", {}).get(field.name, ""))


@register.simple_tag
def icon(name: str, size: str = "") -> str:
    """Draw one icon of the sprite; it is decoration, the words beside it carry the meaning."""
    return _drawn(name, size, static("icons/sprite.svg"))


@lru_cache(maxsize=512)
def _drawn(name: str, size: str, sprite: str) -> SafeString:
    css = "icon icon-large" if size == "large" else "icon"
    return format_html(
        '<svg class="{}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        css,
        sprite,
        name,
    )


@register.filter
def yuan(amount, places: int = 2) -> str:
    """Write an amount in yuan with separators and a true minus sign, without ¥; nothing known is a dash."""
    if amount is None or amount == "":
        return NONE
    value = Decimal(amount).quantize(Decimal(1).scaleb(-int(places)), ROUND_HALF_UP)
    text = number_format(abs(value), int(places), use_l10n=True, force_grouping=True)
    return f"{MINUS}{text}" if value < 0 else text


@register.filter
def wan(amount, places: int = 2) -> str:
    """Write an amount in units of ten thousand yuan (万元)."""
    return NONE if amount is None or amount == "" else yuan(Decimal(amount) / TEN_THOUSAND, places)


@register.filter
def capitals(amount) -> str:
    """Write an amount in the characters of Chinese vouchers (大写金额), traditional ones where the page is."""
    if amount is None or amount == "":
        return NONE
    return in_capitals(Decimal(str(amount)), traditional=get_language() == "zh-hant")


@register.filter
def last_day(period_end: date) -> date:
    """The last day of a period that ends before ``period_end``, as people name it."""
    return period_end - timedelta(days=1)


@register.filter
def percent(fraction, places: int = 1) -> str:
    """Write a fraction of one as a percentage; nothing known is a dash."""
    return NONE if fraction is None or fraction == "" else f"{yuan(Decimal(str(fraction)) * 100, places)} %"


@register.filter
def is_negative(amount) -> bool:
    """Whether an amount is known and below zero."""
    return amount not in (None, "") and Decimal(str(amount)) < 0


@register.inclusion_tag("components/badge.html")
def badge(kind: str, code, label: str = "", tone: str = "") -> dict:
    """Show a stored code as a word in its tone: kinds are ``grade``, ``class``, ``tier`` and ``state``."""
    known = BADGES.get(kind, {})
    code = str(code or "")
    found = known.get(code) or known.get(code.lower()) or ("neutral", "", code)
    return {"tone": tone or found[0], "icon_name": found[1], "label": label or found[2]}


@register.inclusion_tag("components/sparkline.html")
def sparkline(values: Iterable, title: str = "") -> dict:
    """Draw a series as a line of 100 by 24; gaps (None) are skipped."""
    points = line_points([None if value is None else float(value) for value in values], width=100, height=24)
    return {
        "points": " ".join(f"{x:g},{y:g}" for x, y in points),
        "last": points[-1] if points else None,
        "title": title,
    }


def line_points(values: Sequence[float | None], *, width: int, height: int) -> list[tuple[float, float]]:
    """Place values left to right in a box with 2 units of air; the largest is on top."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return []
    low, span = min(known), max(known) - min(known)
    step = width / (len(values) - 1)
    depth = height - 4
    return [
        (round(index * step, 1), round(2 + depth * (1 - (value - low) / span) if span else height / 2, 1))
        for index, value in enumerate(values)
        if value is not None
    ]


@register.filter
def share_of(part, whole) -> str:
    """Return ``part`` of ``whole`` as a width in percent between 0 and 100, for bars drawn as SVG."""
    if not whole or part is None:
        return "0%"
    return f"{max(0.0, min(100.0, float(part) / float(whole) * 100)):.1f}%"


@register.inclusion_tag("components/waterfall.html")
def waterfall(steps: Iterable[dict], caption: str, total_label: str = "", marks: Iterable[Any] = ()) -> dict:
    """Draw steps (``label``, ``value``) that add up to a total; bars begin where the last one ended.

    ``marks`` (``label``, ``value``) are lines across all bars, for instance the total from which something happens.
    """
    marks = list(marks)
    rows = waterfall_rows(list(steps), [mark.value for mark in marks])
    return {
        "rows": rows,
        "marks": marks,
        "caption": caption,
        "total_label": total_label or _("Total"),
    }


def waterfall_rows(steps: Sequence[dict], marks: Sequence[Any] = ()) -> list[dict]:
    """Return bars with start and width in percent of the whole reach, the total last; each with the marks' places."""
    ends = [Decimal(0)]
    for step in steps:
        ends.append(ends[-1] + Decimal(str(step["value"])))
    places = [Decimal(str(mark)) for mark in marks]
    low = min([*ends, *places])
    reach = (max([*ends, *places]) - low) or Decimal(1)

    def share(value: Decimal) -> str:
        return f"{(value - low) / reach * 100:.1f}%"

    def bar(start: Decimal, end: Decimal) -> dict:
        width = abs(end - start) / reach * 100
        return {"x": share(min(start, end)), "width": f"{max(width, Decimal('0.6')):.1f}%"}

    rows = [
        {**step, "kind": "plus" if ends[i + 1] >= ends[i] else "minus", **bar(ends[i], ends[i + 1])}
        for i, step in enumerate(steps)
    ]
    total = {"label": None, "value": ends[-1], "kind": "total", **bar(Decimal(0), ends[-1])}
    across = {"zero": share(Decimal(0)), "marks": [share(place) for place in places]}
    return [{**row, **across} for row in [*rows, total]]


@register.filter
def signed(value, places: int = 1) -> str:
    """Write a change with its sign: +1.3, −0.2, 0.0."""
    if value is None or value == "":
        return NONE
    text = yuan(value, places)
    return f"+{text}" if Decimal(str(value)) > 0 else text


@register.filter
def initial(name: str) -> str:
    """Return the first character of a name, for the mark of a person."""
    return str(name).strip()[:1].upper() or "?"


@register.simple_tag(takes_context=True)
def with_query(context, **changes) -> str:
    """Return this page's query string with some parameters replaced; an empty value removes one."""
    query = context["request"].GET.copy()
    for name, value in changes.items():
        if value in (None, ""):
            query.pop(name, None)
        else:
            query[name] = value
    return "?" + query.urlencode()
