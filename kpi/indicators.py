# ruff: noqa: S608 - the words are our own; what comes from outside travels as a parameter
"""The indicators of handbook §4.2 on our own data: which rows stand behind each, and which figures they add up to.

An indicator names one or more *parts*: row queries of a branch (``branch`` null: the union) on a business date. The
closing adds the rows up in SQL (``figures``) and hands the sums to the pure measure; the drill-down hands the rows
themselves to the same measure. A test demands that both say the same for every code and branch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from coopcrm.shared.periods import add_months, month_of
from customers.provenance import quality, quality_sql
from kpi import measures
from loans.selectors import active_customers
from loans.services import last_completed_month
from ratings.selectors import latest_contributions, latest_tiers

NO_DATA = "NO_DATA"
CUT_OFF = "16:30"
Figures = Mapping[str, Any]
Rows = Mapping[str, list[dict[str, Any]]]

# Kinds of figures: how a value is shown.
RATIO, POINTS, MONEY, COUNT, SCORE, NET_SCORE = "ratio", "points", "money", "count", "score", "net_score"


@dataclass(frozen=True)
class Part:
    """Rows behind an indicator: a query, the column that orders and pages it, and what its rows add up to.

    ``link`` names the page a row opens and the column with its id. A union's figures are the sums of its branches'
    figures, unless two branches may share a row and ``adds_up`` is false.
    """

    name: str
    label: str
    rows: str
    order: str
    figures: str
    link: tuple[str, str] | None = None
    adds_up: bool = True


@dataclass(frozen=True)
class Indicator:
    """One indicator: its parts and the ways from sums and from rows to the arguments of its measure."""

    code: str
    name: str
    kind: str
    is_hard: bool
    parts: tuple[Part, ...]
    from_rows: Callable[[Rows, Figures], dict[str, Any]]
    from_figures: Callable[[Figures, Figures], dict[str, Any]] | None = None
    needs: tuple[str, ...] = ()
    lower_is_better: bool = False
    cases: str = ""

    def measure(self, arguments: dict[str, Any]) -> measures.Measure:
        """The value by the pure measure, or NO_DATA where an input was never entered."""
        if any(arguments.get(name) is None for name in self.needs):
            return measures.Measure(None, NO_DATA)
        return measures.MEASURES[self.code](**arguments)

    def of_figures(self, figures: Figures, context: Figures) -> measures.Measure:
        """The value from the sums that the closing made."""
        read = self.from_figures or (lambda sums, _context: dict(sums))
        return self.measure(read(figures, context))

    def of_rows(self, rows: Rows, context: Figures) -> measures.Measure:
        """The value from the rows themselves."""
        return self.measure(self.from_rows(rows, context))


def context_for(as_of: date, branch_id: int | None) -> dict[str, Any]:
    """What the row queries name: the unit, the business date and the periods that follow from it."""
    last_month = last_completed_month(as_of)
    period_end = add_months(last_month, 1)
    return {
        "branch": branch_id,
        "as_of": as_of,
        "month_start": month_of(as_of).start,
        "year_back": add_months(as_of, -12),
        "verified_after": as_of - timedelta(days=quality.FRESH_DAYS),
        "last_month": last_month,
        "same_month_before": add_months(last_month, -12),
        "year_end_month": date(as_of.year - 1, 12, 1),
        "period_end": period_end,
        "period_before": add_months(period_end, -12),
    }


def total(rows: list[dict], name: str, **where: Any) -> Decimal | None:
    """Sum of a column over the rows that match; None where no row has a value."""
    found = [r[name] for r in rows if r[name] is not None and all(r[k] == v for k, v in where.items())]
    return sum(found) if found else None


def zero(value: Any) -> Any:
    return 0 if value is None else value


# -- Rows --------------------------------------------------------------------------------------------------------------

LEDGER_FIGURES = """
    SELECT f.id, f.branch_id, f.month, f.code, f.amount FROM kpi_ledgerfigure f
    WHERE f.month = %(month_start)s AND (%(branch)s IS NULL OR f.branch_id = %(branch)s)
"""


def ledger_part(*codes: str) -> Part:
    figures = ", ".join(f"sum(amount) FILTER (WHERE code = '{code}') AS {code}" for code in codes)
    listed = ", ".join(f"'{code}'" for code in codes)
    rows = f"{LEDGER_FIGURES} AND f.code IN ({listed})"
    return Part("ledger", _("General ledger"), rows, "id", figures)


DEPOSIT_MONTHS = """
    SELECT a.id AS account_id, a.customer_id, a.branch_id, now.adb AS current, base.adb AS base
    FROM loans_account a
    JOIN loans_product p ON p.id = a.product_id AND p.family = 'deposit'
    LEFT JOIN loans_accountmonth now ON now.account_id = a.id AND now.month = %(last_month)s
    LEFT JOIN loans_accountmonth base ON base.account_id = a.id AND base.month = %(same_month_before)s
    WHERE (%(branch)s IS NULL OR a.branch_id = %(branch)s) AND (now.adb IS NOT NULL OR base.adb IS NOT NULL)
"""
CLASSES_AT = """
    SELECT c.* FROM loans_loanclassification c
    WHERE c.as_of = %(as_of)s AND (%(branch)s IS NULL OR c.branch_id = %(branch)s) AND NOT EXISTS (
        SELECT 1 FROM loans_loanclassification later
        WHERE later.loan_id = c.loan_id AND later.as_of = %(as_of)s AND later.id > c.id)
"""
LOAN_BALANCES = f"""
    SELECT l.id AS loan_id, l.borrower_id AS customer_id, COALESCE(c.balance, 0) AS current,
        COALESCE(base.balance_end, 0) AS base
    FROM loans_loan l
    LEFT JOIN ({CLASSES_AT}) c ON c.loan_id = l.id
    LEFT JOIN loans_accountmonth base ON base.account_id = l.account_id AND base.month = %(year_end_month)s
    WHERE l.farm_related AND (%(branch)s IS NULL OR l.branch_id = %(branch)s)
        AND (c.balance <> 0 OR base.balance_end <> 0)
"""
CLASSED_LOANS = f"""
    SELECT c.loan_id, l.borrower_id AS customer_id, c.final, c.dpd, c.balance
    FROM ({CLASSES_AT}) c JOIN loans_loan l ON l.id = c.loan_id WHERE c.balance <> 0
"""
DUE = """
    SELECT i.id, i.loan_id, l.borrower_id AS customer_id, i.due_on, i.{part} AS due, i.{part}_paid_on AS paid_on,
        'EXTENDED' = ANY (l.flags) AND COALESCE(l.extended_on <= %(as_of)s, true) AS is_extended,
        i.{part}_paid_on <= %(as_of)s AS is_paid
    FROM loans_loan l JOIN loans_instalment i ON i.loan_id = l.id
        AND i.due_on >= %(month_start)s AND i.due_on <= %(as_of)s AND i.{part} > 0
    WHERE (%(branch)s IS NULL OR l.branch_id = %(branch)s)
"""
MARKET_MONTH = """(SELECT max(month) FROM kpi_marketdeposits
    WHERE (month + interval '1 month')::date - 1 <= %(as_of)s)"""
MARKET_BASE = f"(date_trunc('year', {MARKET_MONTH})::date - interval '1 month')::date"
TOWNSHIPS = """
    SELECT DISTINCT COALESCE(CASE WHEN v.level = 'township' THEN v.id END, v.parent_id) AS township_id
    FROM branches_area v
    WHERE v.unit_id IS NOT NULL AND (%(branch)s IS NULL OR v.unit_id = %(branch)s)
        AND v.level IN ('township', 'village')
"""
MARKET = f"""
    SELECT m.id, m.township_id, m.month, m.month = {MARKET_BASE} AS is_base, m.amount
    FROM kpi_marketdeposits m JOIN ({TOWNSHIPS}) t ON t.township_id = m.township_id
    WHERE m.month IN ({MARKET_MONTH}, {MARKET_BASE})
"""
OWN_DEPOSITS = f"""
    SELECT a.product_id, m.month, m.month = {MARKET_BASE} AS is_base, sum(m.balance_end) AS amount
    FROM loans_account a
    JOIN loans_product p ON p.id = a.product_id AND p.family = 'deposit'
    JOIN loans_accountmonth m ON m.account_id = a.id AND m.month IN ({MARKET_MONTH}, {MARKET_BASE})
    WHERE (%(branch)s IS NULL OR a.branch_id = %(branch)s)
    GROUP BY a.product_id, m.month
"""
MARKET_PARTS = tuple(
    Part(name, label, rows, order, f"sum(amount) FILTER (WHERE NOT is_base) AS {name}_now,"
         f" sum(amount) FILTER (WHERE is_base) AS {name}_base", adds_up=name == "own")
    for name, label, rows, order in (
        ("own", _("Own deposits by product"), OWN_DEPOSITS, "product_id"),
        ("market", _("Deposits of all institutions"), MARKET, "id"),
    )
)  # fmt: skip
OF_BRANCH = "AND (%(branch)s IS NULL OR c.branch_id = %(branch)s)"
TIERED = latest_tiers("c.customer_id, c.tier, c.rank, c.contribution", OF_BRANCH)
CONTRIBUTED = latest_contributions("c.customer_id, c.contribution, c.is_active", OF_BRANCH)
ANSWERS = """
    SELECT f.id, f.customer_id, f.given_on, f.{answer} AS score FROM customers_feedback f
    WHERE f.given_on > %(year_back)s AND f.given_on <= %(as_of)s AND f.{answer} IS NOT NULL
        AND (%(branch)s IS NULL OR f.branch_id = %(branch)s)
"""
KEPT_BASE = """
    FROM customers_customer s {join}
    WHERE s.merged_into_id IS NULL AND (%(branch)s IS NULL OR s.branch_id = %(branch)s)
        AND s.registered_on < %(period_before)s
        AND NOT (s.state = 'deceased' AND COALESCE(s.deceased_on <= %(as_of)s, true))
"""
SUBJECTS_OF_BRANCH = (
    f"SELECT s.id AS subject, s.id AS customer_id {KEPT_BASE.format(join='')} UNION ALL SELECT s.id, c.id"
    f" {KEPT_BASE.format(join='JOIN customers_customer c ON c.merged_into_id = s.id')}"
)
RETAINED = f"""
    SELECT start.subject AS customer_id, COALESCE(c.is_active, false) AS is_kept
    FROM ({active_customers("%(period_before)s", SUBJECTS_OF_BRANCH)}) start
    LEFT JOIN ({latest_contributions("c.customer_id, c.is_active")}) c ON c.customer_id = start.subject
"""
HOLDINGS = f"""
    SELECT act.customer_id, count(DISTINCT p.family) AS families
    FROM ({latest_contributions("c.customer_id", "AND c.is_active " + OF_BRANCH)}) act
    LEFT JOIN loans_account a ON a.customer_id = act.customer_id
        AND (a.opened_on IS NULL OR a.opened_on <= %(as_of)s) AND (a.closed_on IS NULL OR a.closed_on > %(as_of)s)
    LEFT JOIN loans_product p ON p.id = a.product_id
    GROUP BY act.customer_id
"""
VILLAGES = """
    SELECT v.id, v.name,
        (v.registered_households - least(v.registered_households, coalesce(e.left_out, 0)))::int
            AS registered_households
    FROM branches_area v
    LEFT JOIN (
        SELECT h.village_id, count(*) AS left_out
        FROM customers_emptyregistration m JOIN customers_household h ON h.id = m.household_id
        WHERE m.left_out_on <= %(as_of)s AND (m.valid_to IS NULL OR m.valid_to > %(as_of)s) GROUP BY 1
    ) e ON e.village_id = v.id
    WHERE v.level = 'village' AND v.unit_id IS NOT NULL AND (%(branch)s IS NULL OR v.unit_id = %(branch)s)
        AND v.valid_from <= %(as_of)s AND (v.valid_to IS NULL OR v.valid_to > %(as_of)s)
"""
RATED = """
    SELECT r.household_id, r.grade, r.total, r."limit" FROM ratings_creditrating r
    WHERE r.as_of = %(as_of)s AND (%(branch)s IS NULL OR r.branch_id = %(branch)s) AND r.status = 'RATED'
        AND NOT EXISTS (SELECT 1 FROM ratings_creditrating later WHERE later.household_id = r.household_id
            AND later.as_of = %(as_of)s AND later.id > r.id)
"""
LINES = f"""
    SELECT h.id AS household_id, max(n."limit") AS "limit", COALESCE(sum(c.balance), 0) AS balance
    FROM customers_household h
    JOIN loans_creditline n ON n.household_id = h.id AND n."limit" > 0 AND n.granted_on <= %(as_of)s
        AND n.valid_until >= %(as_of)s AND (n.ended_on IS NULL OR n.ended_on > %(as_of)s)
    LEFT JOIN loans_loan l ON l.line_id = n.id
    LEFT JOIN ({CLASSES_AT.replace("(%(branch)s IS NULL OR c.branch_id = %(branch)s)", "true")}) c ON c.loan_id = l.id
    WHERE (%(branch)s IS NULL OR h.branch_id = %(branch)s)
    GROUP BY h.id
"""
ASSIGNED = """
    SELECT DISTINCT h.id AS household_id, g.staff_id
    FROM customers_household h
    JOIN customers_managerassignment g ON g.household_id = h.id AND g.valid_from <= %(as_of)s
        AND (g.valid_to IS NULL OR g.valid_to > %(as_of)s) AND g.staff_id IS NOT NULL
    WHERE (%(branch)s IS NULL OR h.branch_id = %(branch)s) AND (h.valid_to IS NULL OR h.valid_to > %(as_of)s)
"""
VISITS = """
    SELECT v.id, v.household_id, v.officer_id, v.visited_on, v.minutes, v.distance_m,
        char_length(v.summary) AS note_chars, v.is_duplicate AS duplicate
    FROM customers_household h
    JOIN customers_visitnote v ON v.household_id = h.id AND v.visited_on > %(year_back)s AND v.visited_on <= %(as_of)s
    WHERE (%(branch)s IS NULL OR h.branch_id = %(branch)s)
        AND NOT EXISTS (SELECT 1 FROM customers_visitnote n WHERE n.corrects_id = v.id)
"""
VALID_VISIT = (
    f"minutes >= {measures.VISIT_MINUTES} AND distance_m <= {measures.VISIT_DISTANCE_M}"
    f" AND note_chars >= {measures.VISIT_NOTE_CHARS} AND NOT duplicate"
)
VISITED = (
    f"count(DISTINCT household_id) FILTER (WHERE {VALID_VISIT}"
    f" AND household_id IN (SELECT household_id FROM ({ASSIGNED}) w)) AS visited"
)
APPLICATIONS = """
    SELECT q.id, q.household_id, q.amount, q.applied_at AT TIME ZONE 'Asia/Shanghai' AS applied_at,
        CASE WHEN q.outcome = 'disbursed' AND q.disbursed_at < {end} THEN 'disbursed'
            WHEN q.outcome IN ('declined', 'withdrawn') AND COALESCE(q.decided_at < {end}, true) THEN q.outcome
            ELSE 'open' END AS outcome,
        CASE WHEN q.disbursed_at < {end} THEN q.disbursed_at AT TIME ZONE 'Asia/Shanghai' END AS disbursed_at
    FROM loans_loanapplication q
    WHERE (%(branch)s IS NULL OR q.branch_id = %(branch)s)
        AND q.applied_at >= (%(month_start)s::date)::timestamp AT TIME ZONE 'Asia/Shanghai' AND q.applied_at < {end}
""".format(end="((%(as_of)s::date + 1)::timestamp AT TIME ZONE 'Asia/Shanghai')")
QUALITY = quality_sql.parts()

# -- From sums and from rows to the measure's arguments ----------------------------------------------------------------


def expanded(figures: Figures) -> list[int]:
    """A list of scores with the same histogram: the counts stand under names such as ``n_4``."""
    return [
        int(name[2:]) for name, count in figures.items() if name.startswith("n_") for _ in range(int(count))
    ]


def histogram(column: str, low: int, high: int) -> str:
    return ", ".join(f"count(*) FILTER (WHERE {column} = {n}) AS n_{n}" for n in range(low, high + 1))


def visits_with(assigned: int, visited: int) -> dict[str, Any]:
    """The smallest book with so many assigned and visited households."""
    visit = {"minutes": 10, "distance_m": 0, "note_chars": 30, "duplicate": False}
    return {
        "assigned": range(int(assigned)),
        "visits": ({"household": n, **visit} for n in range(int(visited))),
    }


def customers_part(name: str, label: str, rows: str, figures: str) -> Part:
    return Part(name, label, rows, "customer_id", figures, ("customer", "customer_id"))


def households_part(name: str, label: str, rows: str, figures: str) -> Part:
    return Part(name, label, rows, "household_id", figures, ("household", "household_id"))


VILLAGE_PART = Part(
    "villages", _("Village register"), VILLAGES, "id", "sum(registered_households) AS households"
)
FAMILIES_AT_MOST = 12


def _market(rows: Rows) -> dict[str, Any]:
    return {
        f"{name}_{when}": total(rows[name], "amount", is_base=is_base)
        for name in ("own", "market")
        for when, is_base in (("now", False), ("base", True))
    }


def _applications(rows: list[dict], context: Figures) -> dict[str, Any]:
    calendar = {name: context[name] for name in ("holidays", "extra_workdays")}
    return {"cutoff": CUT_OFF, **calendar, "as_of": context["as_of"], "applications": rows}


def _quality(figures: Figures) -> dict[str, Any]:
    return {
        "completeness": (zero(figures["filled"]), zero(figures["required"])),
        "validity": (zero(figures["passed"]), zero(figures["checked"])),
        "freshness": (zero(figures["fresh"]), zero(figures["customers"])),
        "uniqueness": (zero(figures["distinct_persons"]), zero(figures["customers"])),
    }


def _visits(rows: Rows, _context: Figures) -> dict[str, Any]:
    visits = [
        {**row, "household": row["household_id"], "minutes": zero(row["minutes"])} for row in rows["visits"]
    ]
    return {"assigned": [row["household_id"] for row in rows["assigned"]], "visits": visits}


def _scores(rows: Rows, _context: Figures) -> dict[str, Any]:
    return {"scores": [row["score"] for row in rows["answers"]]}


def _due(recovered: str, due: str) -> Callable[[Rows, Figures], dict[str, Any]]:
    def read(rows: Rows, _context: Figures) -> dict[str, Any]:
        counted = [
            r
            for r in rows["instalments"]
            if r["is_paid"] and not (recovered == "recovered" and r["is_extended"])
        ]
        return {recovered: sum(r["due"] for r in counted), due: zero(total(rows["instalments"], "due"))}

    return read


def _growth(part: str) -> Callable[[Rows, Figures], dict[str, Any]]:
    return lambda rows, _c: {name: zero(total(rows[part], name)) for name in ("current", "base")}


SUM_GROWTH = "COALESCE(sum(current), 0) AS current, COALESCE(sum(base), 0) AS base"

INDICATORS: dict[str, Indicator] = {
    indicator.code: indicator
    for indicator in (
        Indicator(
            "PROFIT_COMPLETION", _("Profit completion"), RATIO, True, (ledger_part("profit_actual", "profit_plan"),),
            lambda rows, _c: {n: total(rows["ledger"], "amount", code=f"profit_{n}") for n in ("actual", "plan")},
            lambda sums, _c: {"actual": sums["profit_actual"], "plan": sums["profit_plan"]},
            needs=("actual", "plan"),
        ),
        Indicator(
            "DEP_ADB_GROWTH", _("Growth of average daily deposits"), RATIO, True,
            (Part("deposits", _("Deposit accounts"), DEPOSIT_MONTHS, "account_id", SUM_GROWTH,
                  ("customer", "customer_id")),),
            _growth("deposits"),
        ),
        Indicator(
            "LOAN_GROWTH", _("Growth of farm loans"), RATIO, True,
            (Part("loans", _("Farm loans"), LOAN_BALANCES, "loan_id", SUM_GROWTH, ("loan", "loan_id")),),
            _growth("loans"),
        ),
        Indicator(
            "NPL_RATIO", _("Non-performing loans"), RATIO, True,
            (Part(
                "loans", _("Loans by class"), CLASSED_LOANS, "loan_id",
                "COALESCE(sum(balance) FILTER (WHERE final IN ('substandard', 'doubtful', 'loss')), 0) AS npl,"
                " COALESCE(sum(balance), 0) AS total", ("loan", "loan_id"),
            ),),
            lambda rows, _c: {
                "npl": sum(r["balance"] for r in rows["loans"] if r["final"] in ("substandard", "doubtful", "loss")),
                "total": zero(total(rows["loans"], "balance")),
            },
            lower_is_better=True,
        ),
        Indicator(
            "DUE_RECOVERY", _("Recovery of due loans"), RATIO, True,
            (Part(
                "instalments", _("Principal due this month"), DUE.replace("{part}", "principal"), "id",
                "COALESCE(sum(due), 0) AS due_principal,"
                " COALESCE(sum(due) FILTER (WHERE is_paid AND NOT is_extended), 0) AS recovered", ("loan", "loan_id"),
            ),),
            _due("recovered", "due_principal"),
        ),
        Indicator(
            "INTEREST_COLLECTION", _("Collection of interest"), RATIO, True,
            (Part(
                "instalments", _("Interest due this month"), DUE.replace("{part}", "interest"), "id",
                "COALESCE(sum(due), 0) AS receivable_current,"
                " COALESCE(sum(due) FILTER (WHERE is_paid), 0) AS collected_current", ("loan", "loan_id"),
            ),),
            _due("collected_current", "receivable_current"),
        ),
        Indicator(
            "MARKET_SHARE", _("Market share"), RATIO, True, MARKET_PARTS,
            lambda rows, _c: {"own": _market(rows)["own_now"], "market": _market(rows)["market_now"]},
            lambda sums, _c: {"own": sums["own_now"], "market": sums["market_now"]},
            needs=("own", "market"),
        ),
        Indicator(
            "MARKET_SHARE_CHANGE", _("Change of the market share"), POINTS, True, MARKET_PARTS,
            lambda rows, _c: _market(rows), needs=("own_now", "market_now", "own_base", "market_base"),
        ),
        Indicator(
            "COST_INCOME", _("Cost to income"), RATIO, True, (ledger_part("operating_cost", "operating_income"),),
            lambda rows, _c: {n: total(rows["ledger"], "amount", code=f"operating_{n}") for n in ("cost", "income")},
            lambda sums, _c: {"cost": sums["operating_cost"], "income": sums["operating_income"]},
            needs=("cost", "income"), lower_is_better=True,
        ),
        Indicator(
            "HIGH_END_SHARE", _("High-end customers"), RATIO, False,
            (customers_part(
                "tiers", _("Customers by tier"), TIERED,
                "count(*) FILTER (WHERE tier = 'vip') AS vip, count(*) FILTER (WHERE tier = 'gold') AS gold,"
                " count(*) AS active",
            ),),
            lambda rows, _c: {
                "vip": sum(r["tier"] == "vip" for r in rows["tiers"]),
                "gold": sum(r["tier"] == "gold" for r in rows["tiers"]), "active": len(rows["tiers"]),
            },
            cases="active",
        ),
        Indicator(
            "CSAT", _("Satisfaction"), RATIO, False,
            (Part("answers", _("Answers"), ANSWERS.replace("{answer}", "satisfaction"), "id",
                  histogram("score", 1, 5), ("customer", "customer_id")),),
            _scores, lambda sums, _c: {"scores": expanded(sums)},
        ),
        Indicator(
            "NPS", _("Net promoter score"), NET_SCORE, False,
            (Part("answers", _("Answers"), ANSWERS.replace("{answer}", "recommendation"), "id",
                  histogram("score", 0, 10), ("customer", "customer_id")),),
            _scores, lambda sums, _c: {"scores": expanded(sums)},
        ),
        Indicator(
            "RETENTION", _("Customers kept"), RATIO, False,
            (customers_part(
                "customers", _("Customers active a year ago"), RETAINED,
                "count(*) FILTER (WHERE is_kept) AS retained, count(*) AS start",
            ),),
            lambda rows, _c: {
                "retained": sum(r["is_kept"] for r in rows["customers"]), "start": len(rows["customers"]),
            },
            cases="start",
        ),
        Indicator(
            "CONTRIB_PER_CUSTOMER", _("Contribution per customer"), MONEY, False,
            (customers_part(
                "customers", _("Contribution"), CONTRIBUTED,
                "COALESCE(sum(contribution), 0) AS total, count(*) FILTER (WHERE is_active) AS active",
            ),),
            lambda rows, _c: {
                "total": zero(total(rows["customers"], "contribution")),
                "active": sum(r["is_active"] for r in rows["customers"]),
            },
            cases="active",
        ),
        Indicator(
            "PRODUCTS_PER_CUSTOMER", _("Products per customer"), COUNT, False,
            (customers_part(
                "customers", _("Product families held"), HOLDINGS, histogram("families", 0, FAMILIES_AT_MOST),
            ),),
            lambda rows, _c: {"holdings": [r["families"] for r in rows["customers"]]},
            lambda sums, _c: {"holdings": expanded(sums)},
        ),
        Indicator(
            "RATED_COVERAGE", _("Households rated"), RATIO, False,
            (households_part("households", _("Rated households"), RATED, "count(*) AS rated_valid"), VILLAGE_PART),
            lambda rows, _c: {
                "rated_valid": len(rows["households"]),
                "households": total(rows["villages"], "registered_households"),
            },
            needs=("households",), cases="households",
        ),
        Indicator(
            "CREDIT_COVERAGE", _("Households with a line"), RATIO, False,
            (households_part("households", _("Households with a line"), LINES, "count(*) AS with_limit"), VILLAGE_PART),
            lambda rows, _c: {
                "with_limit": len(rows["households"]),
                "households": total(rows["villages"], "registered_households"),
            },
            needs=("households",), cases="households",
        ),
        Indicator(
            "USAGE_RATE", _("Lines in use"), RATIO, False,
            (households_part(
                "households", _("Households with a line"), LINES,
                "count(*) FILTER (WHERE balance > 0) AS with_balance, count(*) AS with_limit",
            ),),
            lambda rows, _c: {
                "with_balance": sum(r["balance"] > 0 for r in rows["households"]),
                "with_limit": len(rows["households"]),
            },
            cases="with_limit",
        ),
        Indicator(
            "VISIT_COVERAGE", _("Households visited"), RATIO, False,
            (
                households_part("assigned", _("Assigned households"), ASSIGNED,
                                "count(DISTINCT household_id) AS assigned"),
                Part("visits", _("Visits of twelve months"), VISITS, "id", VISITED, ("household", "household_id")),
            ),
            _visits, lambda sums, _c: visits_with(sums["assigned"], sums["visited"]), cases="assigned",
        ),
        Indicator(
            "SAME_DAY_RATE", _("Paid out the same day"), RATIO, False,
            (Part(
                "applications", _("Applications of the month"), APPLICATIONS, "id",
                "count(*) FILTER (WHERE outcome = 'disbursed') AS paid,"
                " count(*) FILTER (WHERE outcome = 'open') AS waiting,"
                " count(*) FILTER (WHERE outcome NOT IN ('disbursed', 'open')) AS refused",
                ("household", "household_id"),
            ),),
            lambda rows, context: _applications(rows["applications"], context),
        ),
        Indicator(
            "DATA_QUALITY", _("Data quality"), SCORE, False,
            (customers_part(
                "customers", _("Customer records"), QUALITY,
                "sum(filled) AS filled, sum(required) AS required, sum(passed) AS passed, sum(checked) AS checked,"
                " count(*) FILTER (WHERE is_fresh) AS fresh, count(*) FILTER (WHERE is_distinct) AS distinct_persons,"
                " count(*) AS customers",
            ),),
            lambda rows, _c: _quality({
                **{n: total(rows["customers"], n) for n in ("filled", "required", "passed", "checked")},
                "fresh": sum(r["is_fresh"] for r in rows["customers"]),
                "distinct_persons": sum(r["is_distinct"] for r in rows["customers"]),
                "customers": len(rows["customers"]),
            }),
            lambda sums, _c: _quality(sums), cases="customers",
        ),
    )
}  # fmt: skip
FROM_ROWS_ONLY = frozenset({"SAME_DAY_RATE"})
"""Indicators whose rule needs the rows themselves (a clock and a calendar), few enough to be read."""

HARD = frozenset(code for code, indicator in INDICATORS.items() if indicator.is_hard)
