"""Ten useful tags, those that people hang and those that a rule hangs every night."""

from __future__ import annotations

from datetime import date

from django.db import connection

from customers.models import Tag, TagRule
from customers.tags.rules import hang
from kpi.seeding.plan import Plan

ONE_IN, ONE_IN_LARGE = 14, 140
LARGE = 100_000

# code, colour, English, 简体, 繁體, reasons given
BY_PEOPLE = (
    ("migrant-worker", "info", "Migrant worker", "外出务工", "外出務工", "春节后外出，秋收回来"),
    ("back-home-founder", "ok", "Came home to found", "返乡创业", "返鄉創業", "回村办起了加工点"),
    ("coop-leader", "ok", "Leads a cooperative", "合作社带头人", "合作社帶頭人", "带着十几户一起种"),
    ("refers-others", "info", "Brings others", "转介绍客户", "轉介紹客戶", "去年介绍来三户"),
    ("busy-season", "warn", "Short in the busy season", "农忙急用", "農忙急用", "春耕要买种子化肥"),
    ("plans-house", "neutral", "Plans to build", "建房计划", "建房計畫", "打算秋后动工"),
)
# code, colour, English, 简体, 繁體, filters of the list
BY_RULE = (
    ("big-grain-grower", "ok", "Big grain grower", "种粮大户", "種糧大戶", {"land": "20"}),
    ("keeps-animals", "neutral", "Keeps animals", "养殖户", "養殖戶", {"animals": "yes"}),
    ("model-payer", "ok", "Model payer", "信用标兵", "信用標兵", {"grade": "AAA"}),
    ("vip-care", "info", "Personal care", "贵宾专管", "貴賓專管", {"tier": "vip"}),
)

HUNG = """
    INSERT INTO customers_customertag (customer_id, tag_id, valid_from, reason, tagged_by_id)
    SELECT c.id, %(tag)s, %(as_of)s::date - (d.dice %% 400)::int, %(reason)s, c.registered_by_id
    FROM customers_customer c,
        LATERAL (SELECT abs(hashtext(concat(%(seed)s::text, ':tag:', %(tag)s::text, ':', c.id))::bigint) AS dice) d
    WHERE c.kind = 'person' AND c.state = 'active' AND c.merged_into_id IS NULL
        AND c.birth_date <= %(as_of)s::date - interval '20 years' AND d.dice %% %(one_in)s = 0
"""


def seed_tags(plan: Plan) -> int:
    """Hang tags on invented people; rules of what the closing computes wait for it (``hang_by_rule``)."""
    one_in = ONE_IN_LARGE if plan.customers >= LARGE else ONE_IN
    rows = 0
    with connection.cursor() as cursor:
        for code, colour, english, hans, hant, reason in BY_PEOPLE:
            tag = _tag(code, colour, english, hans, hant)
            given = {
                "tag": tag.pk,
                "as_of": plan.as_of,
                "reason": reason,
                "seed": plan.seed,
                "one_in": one_in,
            }
            cursor.execute(HUNG, given)
            rows += cursor.rowcount
    for code, colour, english, hans, hant, filters in BY_RULE:
        tag = _tag(code, colour, english, hans, hant, is_computed=True)
        TagRule.objects.create(tag=tag, version=1, filters=filters, valid_from=plan.as_of)
    return rows + hang_by_rule(plan.as_of)


def hang_by_rule(as_of: date) -> int:
    """Hang what the rules in force mean, as every night does; after the closing grades and tiers as well."""
    rules = TagRule.objects.filter(valid_to=None, tag__ended_on=None)
    return sum(hang(rule, as_of=as_of, low=0, high=2**62)["hung"] for rule in rules)


def _tag(code: str, colour: str, english: str, hans: str, hant: str, **more) -> Tag:
    labels = {"en": english, "zh-hans": hans, "zh-hant": hant}
    return Tag.objects.create(code=code, label=hans, labels=labels, colour=colour, **more)
