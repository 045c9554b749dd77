"""What invented households work with, who is away, what happened in the families, and two that wait for a review."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection

from branches.models import StaffMember
from customers.choices import Relation
from customers.homes import services, succession
from customers.homes.selectors import spouse_on
from customers.models import Household, Membership
from kpi.seeding.plan import Plan

ONE_IN, ONE_IN_LARGE = 4, 40
RECENT = "%(as_of)s::date - 730"
DICE = "abs(hashtext(concat(%(seed)s::text, ':{what}:', {key}))::bigint)"

# The households whose farm is known: the last sheet that says how much land, and the manager who wrote it down.
FARMS = f"""
    CREATE TEMPORARY TABLE seed_farms ON COMMIT DROP AS
    SELECT h.id AS household_id, f.land_mu, f.livestock, f.recorded_on, h.village_id, h.valid_from, a.staff_id,
        {DICE.format(what="farm", key="h.id")} AS dice
    FROM customers_household h
    JOIN LATERAL (
        SELECT land_mu, livestock, recorded_on FROM customers_factsheet s
        WHERE s.household_id = h.id ORDER BY s.recorded_on DESC, s.id DESC LIMIT 1
    ) f ON f.land_mu > 0.5
    JOIN customers_managerassignment a ON a.household_id = h.id AND a.valid_to IS NULL
    WHERE h.valid_to IS NULL AND {DICE.format(what="known", key="h.id")} %% %(one_in)s = 0
"""
PARCELS = """
    INSERT INTO customers_landparcel
        (household_id, source, observed_on, recorded_by_id, is_gone, name, mu, tenure, has_certificate, village_id)
    SELECT household_id, CASE WHEN p.own THEN 'document' ELSE 'said' END, recorded_on, staff_id, false,
        (ARRAY['东坡地','河边地','村南地','老井地','大塘边'])[1 + (dice / p.pace %% 5)::int],
        p.mu, CASE WHEN p.own THEN 'own' ELSE 'leased_in' END, p.own AND dice %% 3 > 0, village_id
    FROM seed_farms, LATERAL (VALUES
        (true, round(land_mu * 0.7, 1), 1), (false, land_mu - round(land_mu * 0.7, 1), 7)
    ) AS p(own, mu, pace)
    WHERE p.mu > 0
"""
CROPS = """
    INSERT INTO customers_cropseason
        (household_id, source, observed_on, recorded_by_id, is_gone, year, season, crop, mu,
        expected_yield, actual_yield, expected_income, actual_income)
    SELECT f.household_id, 'said', least(make_date(y.year, s.month, 20), %(as_of)s::date), f.staff_id, false,
        y.year, s.season, s.crop, f.land_mu, round(f.land_mu * s.kg), d.came * round(f.land_mu * s.kg * d.luck),
        round(f.land_mu * s.yuan), d.came * round(f.land_mu * s.yuan * d.luck)
    FROM seed_farms f
    CROSS JOIN generate_series(extract(year FROM %(as_of)s::date)::int - 2, extract(year FROM %(as_of)s::date)::int)
        AS y(year)
    CROSS JOIN LATERAL (VALUES
        ('2', 'wheat', 6, 420, 980), ('3', CASE WHEN f.dice %% 2 = 0 THEN 'rice' ELSE 'maize' END, 10, 510, 1240)
    ) AS s(season, crop, month, kg, yuan)
    CROSS JOIN LATERAL (SELECT
        0.85 + (f.dice / (y.year %% 7 + 3) %% 31) / 100.0 AS luck,
        CASE WHEN make_date(y.year, s.month, 20) <= %(as_of)s::date THEN 1 END AS came) d
    WHERE make_date(y.year, s.month, 20) >= f.valid_from AND make_date(y.year, s.month, 1) <= %(as_of)s::date + 150
"""
ANIMALS = """
    INSERT INTO customers_animalcount
        (household_id, source, observed_on, recorded_by_id, is_gone, kind, heads, value)
    SELECT f.household_id, 'seen', f.recorded_on, f.staff_id, false, a.key, a.value::numeric,
        a.value::numeric * p.yuan
    FROM seed_farms f, jsonb_each_text(f.livestock) a
    JOIN (VALUES ('pigs', 1600), ('cattle', 9500), ('sheep', 900), ('chickens', 45), ('ducks', 40), ('geese', 90),
        ('rabbits', 60), ('donkeys', 7000), ('horses', 8000), ('mules', 7500), ('bees', 500), ('pond_mu', 3000)
    ) AS p(kind, yuan) ON p.kind = a.key
    WHERE a.value ~ '^[0-9.]+$' AND a.value::numeric > 0
"""
MACHINES = """
    INSERT INTO customers_machine
        (household_id, source, observed_on, recorded_by_id, is_gone, kind, built_year, value, is_shared)
    SELECT household_id, 'seen', recorded_on, staff_id, false,
        (ARRAY['tractor','tiller','tricycle','pump','harvester'])[1 + (dice %% 5)::int],
        extract(year FROM %(as_of)s::date)::int - 2 - (dice %% 9)::int, 3000 + (dice %% 40) * 500, dice %% 7 = 0
    FROM seed_farms WHERE dice %% 5 < 3
"""
WORKERS = f"""
    CREATE TEMPORARY TABLE seed_workers ON COMMIT DROP AS
    SELECT f.household_id, m.customer_id, f.staff_id, f.recorded_on, greatest(f.valid_from, m.valid_from) AS since,
        {DICE.format(what="work", key="m.customer_id")} AS dice
    FROM seed_farms f JOIN customers_membership m ON m.household_id = f.household_id AND m.valid_to IS NULL
    JOIN customers_customer c ON c.id = m.customer_id AND c.state = 'active'
    WHERE c.birth_date BETWEEN %(as_of)s::date - interval '62 years' AND %(as_of)s::date - interval '18 years'
"""
CITIES = "(ARRAY['武汉','苏州','东莞','郑州','杭州','上海'])[1 + (dice %% 6)::int]"
LABOUR = f"""
    INSERT INTO customers_labour
        (household_id, source, observed_on, recorded_by_id, is_gone, customer_id, work, place, months_away)
    SELECT household_id, 'said', recorded_on, staff_id, false, customer_id,
        CASE WHEN dice %% 8 = 0 THEN 'away' WHEN dice %% 8 < 3 THEN 'local' ELSE 'farm' END,
        CASE WHEN dice %% 8 = 0 THEN {CITIES} ELSE '' END, CASE WHEN dice %% 8 = 0 THEN 10 ELSE 0 END
    FROM seed_workers
"""
ABSENCES = f"""
    INSERT INTO customers_absence (household_id, customer_id, where_to, valid_from, recorded_on, recorded_by_id)
    SELECT household_id, customer_id, {CITIES}, greatest(since, %(as_of)s::date - (100 + dice %% 900)::int),
        %(as_of)s::date, staff_id
    FROM seed_workers WHERE dice %% 8 = 0
"""
EVENTS = (
    """
    INSERT INTO customers_householdevent
        (household_id, deed, kind, happened_on, customer_id, paper, reason, changes, recorded_by_id)
    SELECT household_id, gen_random_uuid(), 'migration', valid_from, customer_id, 'none', '', '{}', recorded_by_id
    FROM customers_absence
    """,
    f"""
    INSERT INTO customers_householdevent
        (household_id, deed, kind, happened_on, customer_id, paper, reason, changes, recorded_by_id)
    SELECT m.household_id, gen_random_uuid(), 'death', c.deceased_on, c.id, 'death', '', '{{}}', a.staff_id
    FROM customers_membership m
    JOIN customers_customer c ON c.id = m.customer_id AND m.valid_to = c.deceased_on
    JOIN customers_household h ON h.id = m.household_id AND h.valid_from <= c.deceased_on
    JOIN customers_managerassignment a ON a.household_id = h.id AND a.valid_to IS NULL
    WHERE c.deceased_on >= {RECENT} AND c.id %% %(one_in)s = 0
    """,
    f"""
    INSERT INTO customers_householdevent
        (household_id, deed, kind, happened_on, customer_id, partner_id, paper, reason, changes, recorded_by_id)
    SELECT m.household_id, gen_random_uuid(), 'marriage', w.valid_from, w.first_id, w.second_id,
        CASE WHEN w.number = '' THEN 'none' ELSE 'marriage' END, '', '{{}}', a.staff_id
    FROM customers_marriage w
    JOIN customers_membership m ON m.customer_id = w.first_id AND m.valid_from <= w.valid_from
        AND (m.valid_to IS NULL OR m.valid_to > w.valid_from)
    JOIN customers_household h ON h.id = m.household_id AND h.valid_from <= w.valid_from
    JOIN customers_managerassignment a ON a.household_id = h.id AND a.valid_to IS NULL
    WHERE w.valid_from >= {RECENT} AND w.id %% %(one_in)s = 0
    """,
    """
    INSERT INTO customers_householdevent
        (household_id, deed, kind, happened_on, paper, reason, changes, recorded_by_id)
    SELECT f.household_id, gen_random_uuid(), 'opened', f.valid_from, 'register', '分户立户', '{}', f.staff_id
    FROM seed_farms f WHERE f.dice %% 12 = 0
    """,
)


def seed_homes(plan: Plan) -> int:
    """Farms, work, migrants and events of the households whose farm is known; returns how many rows."""
    values = {"as_of": plan.as_of, "seed": plan.seed, "one_in": ONE_IN_LARGE if plan.is_large else ONE_IN}
    written = 0
    with connection.cursor() as cursor:
        cursor.execute(FARMS, values)
        cursor.execute(WORKERS, values)
        for statement in (PARCELS, CROPS, ANIMALS, MACHINES, LABOUR, ABSENCES, *EVENTS):
            cursor.execute(statement, values)
            written += cursor.rowcount
        cursor.execute("DROP TABLE seed_workers; DROP TABLE seed_farms")
    return written + _seed_changes(plan)


def _seed_changes(plan: Plan) -> int:
    """A split and a death at the first branch, written down by an officer, for the director to review."""
    staff = StaffMember.objects.in_bulk(["loan_officer"], field_name="username")
    if not staff:
        return 0
    officer = staff["loan_officer"]
    deed = {"staff": officer, "on": plan.as_of - timedelta(days=9), "as_of": plan.as_of}
    homes = Household.objects.managed_for(officer).filter(valid_to=None, lines__state="active")
    done = 0
    for stay in _grown_sons(homes, plan):
        wife = spouse_on(stay.customer, deed["on"])
        at_home = (
            wife is not None and stay.household.memberships.filter(customer=wife, valid_to=None).exists()
        )
        services.split_household(
            household=stay.household,
            head=stay.customer,
            members=[wife] if at_home else [],
            reason="儿子成家后分户",
            paper="register",
            **deed,
        )
        done += 1
    heads = Membership.objects.filter(household__in=homes, relation=Relation.HEAD, valid_to=None)
    old = heads.filter(
        customer__birth_date__lte=plan.as_of - timedelta(days=60 * 365), customer__state="active"
    )
    for stay in old.select_related("customer").order_by("pk")[:1]:
        succession.record_death(customer=stay.customer, paper="death", reason="家属来社报告", **deed)
        done += 1
    return done


def _grown_sons(homes, plan: Plan):
    rows = Membership.objects.filter(household__in=homes, relation=Relation.SON, valid_to=None)
    grown = rows.filter(customer__birth_date__lte=plan.as_of - timedelta(days=24 * 365))
    return grown.select_related("customer", "household").order_by("pk")[:1]
