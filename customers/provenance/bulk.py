# ruff: noqa: S608 - the words are our own; what comes from outside travels as a parameter
"""Deciding shown values of many people at once: after a ledger came in, and when another rule comes into force."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from branches.models import in_force
from branches.proposals import Line
from coopcrm.shared.models import Job
from coopcrm.shared.work import NewOrder, Work, handles, order_work
from customers.models import Customer, SourceRule, Statement
from customers.names import NameKeys, name_keys
from customers.provenance import survivorship, survivorship_sql
from customers.provenance.attributes import ATTRIBUTES
from customers.provenance.rules import rule_on
from customers.provenance.survivorship import Rule

KIND, DECIDE, FINISH = "sources", "sources.decide", "sources.finish"
RANGE = 50_000
BATCH = 2_000


def _present(code: str) -> str:
    """What stands in the record of customer ``c``, as text."""
    column = ATTRIBUTES[code].column
    return f"COALESCE(c.{column}::text, '')"


def _column_sql(code: str) -> str:
    """A decided text as the column holds it."""
    field = ATTRIBUTES[code].field
    kind = field.db_type(connection)
    text = f"NULLIF(p.{code}, '')" if field.null else f"p.{code}"
    return f"{text}::{kind}"


def decide_again(rule: Rule, *, ids: Iterable[int] | None = None, span: tuple[int, int] | None = None) -> int:
    """Write what the rule shows of these people, or of those in a range of ids; returns whose records changed."""
    who, given = _who(ids, span)
    sql, values = survivorship_sql.decisions(rule, ATTRIBUTES, who)
    plain = [code for code in ATTRIBUTES if code != "name"]
    pivot = ", ".join(f"max(value) FILTER (WHERE attribute = '{code}') AS {code}" for code in ATTRIBUTES)
    told = {code: f"CASE WHEN p.{code} IS NULL THEN c.{ATTRIBUTES[code].column} ELSE {_column_sql(code)} END"
            for code in plain}  # fmt: skip
    sets = ", ".join(f"{ATTRIBUTES[code].column} = {text}" for code, text in told.items())
    differs = " OR ".join(
        f"c.{ATTRIBUTES[code].column} IS DISTINCT FROM {text}" for code, text in told.items()
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH p AS (
                SELECT customer_id, {pivot},
                    COALESCE(array_agg(attribute::varchar ORDER BY attribute COLLATE "C")
                        FILTER (WHERE is_disputed), '{{}}') AS disputed
                FROM ({sql}) d GROUP BY customer_id
            )
            UPDATE customers_customer c SET {sets}, disputed = p.disputed
            FROM p WHERE c.id = p.customer_id AND c.merged_into_id IS NULL AND c.state <> 'erased'
                AND ({differs} OR c.disputed IS DISTINCT FROM p.disputed)
            RETURNING c.id
            """,
            [*values, *given],
        )
        changed = {pk for (pk,) in cursor.fetchall()}
        cursor.execute(
            f"SELECT c.id, d.value FROM ({sql}) d JOIN customers_customer c ON c.id = d.customer_id"
            " WHERE d.attribute = 'name' AND c.name <> d.value AND c.merged_into_id IS NULL AND c.state <> 'erased'",
            [*values, *given],
        )
        names = dict(cursor.fetchall())
    _rename(names)
    return len(changed | set(names))


def _who(ids: Iterable[int] | None, span: tuple[int, int] | None) -> tuple[str, list]:
    if ids is not None:
        return "s.customer_id = ANY(%s)", [list(ids)]
    return "s.customer_id BETWEEN %s AND %s", list(span or (0, 2**62))


def _rename(names: Mapping[int, str]) -> None:
    """Names and the search keys that follow from them."""
    people = [Customer(pk=pk, name=name, **name_keys(name)._asdict()) for pk, name in names.items()]
    Customer.objects.bulk_update(people, ["name", *NameKeys._fields], batch_size=BATCH)


# -- Before a rule comes into force ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Effect:
    """What a rule would change of one attribute: shown values, and values that are disputed afterwards and before."""

    attribute: str
    changed: int
    disputed: int
    disputed_before: int


def effect_of(rule: Rule) -> list[Effect]:
    """Count set-based, over the whole registry, what a rule would show instead of what is shown now."""
    sql, values = survivorship_sql.decisions(rule, ATTRIBUTES, "s.customer_id > %s")
    shown = " ".join(f"WHEN '{code}' THEN {_present(code)}" for code in ATTRIBUTES)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT d.attribute, count(*) FILTER (WHERE d.value <> CASE d.attribute {shown} END),"
            " count(*) FILTER (WHERE d.is_disputed), count(*) FILTER (WHERE d.attribute = ANY(c.disputed))"
            f" FROM ({sql}) d JOIN customers_customer c ON c.id = d.customer_id"
            " WHERE c.merged_into_id IS NULL AND c.state <> 'erased' GROUP BY 1",
            [*values, 0],
        )
        found = {row[0]: Effect(*row) for row in cursor.fetchall()}
    return [found.get(code, Effect(code, 0, 0, 0)) for code in ATTRIBUTES]


def effect_lines(data: Mapping[str, Any]) -> list[Line]:
    """The effect of a version as lines of its proposal."""
    lines = [Line(_("Effect on the registry as it is now"), "", "")]
    for effect in effect_of(survivorship.rule_from_json(data)):
        label = ATTRIBUTES[effect.attribute].label
        lines.append(Line(_("%(what)s: shown values that change") % {"what": label}, "", effect.changed))
        lines.append(
            Line(_("%(what)s: disputed values") % {"what": label}, effect.disputed_before, effect.disputed)
        )
    return lines


# -- When it comes into force ------------------------------------------------------------------------------------------


def order_decisions(*, on: date) -> Job | None:
    """Order the job that decides every shown value by the rule that came into force; None when that is done."""
    row = SourceRule.objects.filter(in_force(on), applied_at=None).first()
    if row is None:
        return None
    first, last = _span()
    spans = range(first, last + 1, RANGE)
    orders = [
        NewOrder(DECIDE, key=str(low), payload={"first": low, "last": low + RANGE - 1}) for low in spans
    ]
    orders.append(NewOrder(FINISH, key="finish", stage=1, payload={"rule": row.pk}))
    return order_work(
        kind=KIND,
        key=f"{KIND}:{row.version}",
        title=gettext_noop("Decide shown values by the rule of sources %(version)s"),
        title_params={"version": row.version},
        as_of=on,
        stage_names=[gettext_noop("Decide"), gettext_noop("Finish")],
        orders=orders,
    )


def _span() -> tuple[int, int]:
    rows = Statement.objects.order_by()
    first = rows.order_by("customer_id").values_list("customer_id", flat=True).first()
    last = rows.order_by("-customer_id").values_list("customer_id", flat=True).first()
    return first or 0, last or -1


@handles(DECIDE)
def _decide(work: Work) -> dict:
    span = work.payload["first"], work.payload["last"]
    return {"changed": decide_again(rule_on(work.as_of), span=span)}


@handles(FINISH)
def _finish(work: Work) -> dict:
    SourceRule.objects.filter(pk=work.payload["rule"], applied_at=None).update(applied_at=timezone.now())
    return {}
