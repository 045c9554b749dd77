"""Who the best customers are, for those who are reminded of their birthdays: the two upper tiers of the last period."""

from __future__ import annotations

from customers import registries
from ratings.choices import Tier

BEST = f"""
    SELECT last.customer_id, last.contribution AS weight FROM (
        SELECT DISTINCT ON (t.customer_id) t.customer_id, t.contribution, t.tier FROM ratings_customertier t
        WHERE t.branch_id = %(branch)s AND t.period_end = (
            SELECT max(x.period_end) FROM ratings_customertier x WHERE x.period_end <= %(as_of)s::date + 1
        )
        ORDER BY t.customer_id, t.id DESC
    ) last WHERE last.tier IN ('{Tier.VIP}', '{Tier.GOLD}')
"""  # noqa: S608 - codes of our own


def register() -> None:
    """Called once, when the apps are ready."""
    registries.best_customers.append(BEST)
