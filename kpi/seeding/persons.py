"""What invented people have beside a card and a phone: old papers and phones, other names, skills, organisations."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import connection

from coopcrm.shared.fields import draw_ids
from customers import identity
from customers.choices import (
    CustomerKind,
    DocumentKind,
    DocumentState,
    FactSource,
    NameKind,
    PhoneEnded,
    RetiredBecause,
)
from customers.models import (
    Customer,
    IdentityDocument,
    Organisation,
    OrganisationManager,
    OtherName,
    Phone,
    Representative,
)
from customers.names import name_keys
from customers.numbers import document_keys, phone_keys
from customers.persons.choices import RepresentativeRole
from customers.persons.organisations import FORMS
from kpi.seeding import words
from kpi.seeding.chance import Dice
from kpi.seeding.plan import Plan

ONE_IN, ONE_IN_LARGE = 100, 1000
ORGANISATIONS_ONE_IN = 100
BATCH = 2000

# first two places of the code, category, ending of the name, business, scope
TRADES = (
    ("93", "farmers_cooperative", "茶叶种植专业合作社", "茶叶种植、初加工、销售"),
    ("93", "farmers_cooperative", "稻虾种养专业合作社", "水稻种植、小龙虾养殖、销售"),
    ("93", "farmers_cooperative", "农机服务专业合作社", "农机作业、维修、培训"),
    ("91", "enterprise", "粮油有限公司", "粮食收购、加工、销售"),
    ("91", "enterprise", "建材有限公司", "建筑材料批发、零售"),
    ("92", "individual_business", "百货店", "日用百货、烟酒零售"),
    ("92", "individual_business", "家庭农场", "蔬菜、水果种植"),
    ("N2", "rural_collective", "股份经济合作社", "集体资产经营、发包、服务"),
)
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"

ADULTS = """
    SELECT c.id, c.branch_id, c.village_id, a.name, c.address, c.registered_on, c.registered_at_id, c.registered_by_id,
        m.staff_id
    FROM customers_customer c
    JOIN branches_area a ON a.id = c.village_id
    JOIN customers_membership s ON s.customer_id = c.id AND s.valid_to IS NULL
    JOIN customers_managerassignment m ON m.household_id = s.household_id AND m.valid_to IS NULL
    WHERE c.kind = 'person' AND c.state = 'active' AND c.id %% %(every)s = 7 %% %(every)s
        AND c.birth_date BETWEEN %(oldest)s AND %(youngest)s
    ORDER BY c.id LIMIT %(wanted)s
"""
MEMBERS = """
    INSERT INTO customers_coopmember (organisation_id, household_id, share_amount, valid_from)
    SELECT o.id, h.id, 500 + (abs(hashtext(concat(%(seed)s::text, o.id, ':', h.id))::bigint) %% 20) * 500, o.registered_on
    FROM customers_customer o
    JOIN customers_organisation e ON e.customer_id = o.id
        AND e.category IN ('farmers_cooperative', 'rural_collective'),
        LATERAL (
            SELECT h.id FROM customers_household h
            WHERE h.village_id = o.village_id AND h.valid_to IS NULL AND h.valid_from <= o.registered_on
            ORDER BY h.id LIMIT 12
        ) h
    WHERE abs(hashtext(concat(o.id, ':', h.id))::bigint) %% 3 > 0
"""
SKILLS = """
    INSERT INTO customers_personskill (customer_id, code, words, source, noted_on, noted_by_id)
    SELECT c.id, s.code, '', 'seen', c.verified_on, NULL
    FROM customers_customer c
    JOIN (VALUES ('%%养%%', 'livestock'), ('%%茶%%', 'tea'), ('%%木%%', 'carpentry'), ('%%车%%', 'driving'),
        ('%%运输%%', 'driving'), ('%%建筑%%', 'building'), ('%%瓦%%', 'building'), ('%%店%%', 'trade'),
        ('%%菜%%', 'vegetables'), ('%%务农%%', 'grain')) AS s (occupation, code) ON c.occupation LIKE s.occupation
    WHERE c.kind = 'person' AND c.state = 'active' AND c.verified_on IS NOT NULL AND c.id %% %(every)s < 4
"""
PARTICULARS = """
    UPDATE customers_customer SET
        education = (ARRAY['primary', 'junior', 'junior', 'senior', 'vocational', 'university'])[1 + id %% 6],
        contact_language = CASE WHEN id %% 3 = 0 THEN 'dialect' ELSE 'mandarin' END,
        contact_hours = (ARRAY['any', 'evening', 'noon', 'market'])[1 + id %% 4],
        residence = CASE WHEN occupation LIKE '%%务工%%' THEN '东莞市长安镇' ELSE '' END
    WHERE kind = 'person' AND state = 'active' AND id %% %(every)s < 4
        AND birth_date <= %(youngest)s
"""


def seed_persons(plan: Plan) -> int:
    """Old papers, phones and names of a few, skills and particulars of some, organisations; returns how many rows."""
    every = ONE_IN_LARGE if plan.is_large else ONE_IN
    values = {
        "every": every,
        "seed": plan.seed,
        "youngest": _years_before(plan.as_of, 22),
        "oldest": _years_before(plan.as_of, 62),
    }
    written = _old_papers(plan, every) + _old_phones(plan, every) + _other_names(plan, every)
    written += _organisations(plan, values)
    with connection.cursor() as cursor:
        for statement in (MEMBERS, SKILLS, PARTICULARS):
            cursor.execute(statement, values)
            written += cursor.rowcount
    return written


def _years_before(day: date, years: int) -> date:
    return day - timedelta(days=round(years * 365.25))


def _old_papers(plan: Plan, every: int) -> int:
    """The card before the present one, retired when that came."""
    held = IdentityDocument.objects.filter(
        kind=DocumentKind.ID18, state=DocumentState.HELD, issued_on__isnull=False
    )
    rows = list(
        held.filter(issued_on__lte=_years_before(plan.as_of, 1)).extra(where=["id %% %s = 3"], params=[every])
    )
    old = []
    for pk, row in zip(draw_ids(IdentityDocument, len(rows)), rows, strict=True):
        before = IdentityDocument(
            pk=pk,
            customer_id=row.customer_id,
            kind=row.kind,
            number_key=row.number_key,
            tail_key=row.tail_key,
            core_key=row.core_key,
            state=DocumentState.RETIRED,
            issued_on=_years_before(row.issued_on, 10),
            expires_on=row.issued_on,
            issued_by=row.issued_by,
            recorded_on=row.recorded_on,
            retired_on=row.recorded_on,
            retired_because=RetiredBecause.RENEWED,
        )
        before.seal("number", row.open("number"))
        old.append(before)
    return len(IdentityDocument.objects.bulk_create(old, batch_size=BATCH))


def _old_phones(plan: Plan, every: int) -> int:
    """A number that somebody had before."""
    rng = Dice(f"{plan.seed}:old phones")
    rows = list(Phone.objects.extra(where=["id %% %s = 5"], params=[every]).order_by("pk"))
    reasons = (PhoneEnded.CHANGED, PhoneEnded.CHANGED, PhoneEnded.UNREACHABLE, PhoneEnded.OTHERS)
    old = []
    for pk, row in zip(draw_ids(Phone, len(rows)), rows, strict=True):
        number = f"154{rng.randrange(100_000_000):08}"
        before = Phone(
            pk=pk,
            customer_id=row.customer_id,
            kind=row.kind,
            **phone_keys(number)._asdict(),
            valid_from=row.valid_from - timedelta(days=900),
            valid_to=row.valid_from,
            source=FactSource.SAID,
            ended_because=rng.choice(reasons),
        )
        before.seal("number", number)
        old.append(before)
    return len(Phone.objects.bulk_create(old, batch_size=BATCH))


def _other_names(plan: Plan, every: int) -> int:
    """Former names, names of childhood and spellings of old ledgers."""
    rng = Dice(f"{plan.seed}:other names")
    people = Customer.objects.filter(kind=CustomerKind.PERSON).extra(where=["id %% %s = 9"], params=[every])
    rows = []
    for customer in people.order_by("pk").only("name", "registered_on"):
        kind = rng.choice((NameKind.FORMER, NameKind.ALIAS, NameKind.SPELLING))
        name = _another(customer.name, kind, rng)
        rows.append(
            OtherName(
                customer=customer,
                kind=kind,
                name=name,
                **name_keys(name)._asdict(),
                until_on=customer.registered_on if kind == NameKind.FORMER else None,
                source=FactSource.LEDGER if kind == NameKind.SPELLING else FactSource.SAID,
                recorded_on=customer.registered_on,
            )
        )
    return len(OtherName.objects.bulk_create(rows, batch_size=BATCH))


def _another(name: str, kind: str, rng: Dice) -> str:
    if kind == NameKind.ALIAS:
        return "小" + name[-1]
    if kind == NameKind.SPELLING:
        return name[:-1] + rng.choice("兰英花明强")
    return name[0] + rng.choice(("招弟", "来娣", "二妮", "根生", "卫东"))


# -- Organisations -----------------------------------------------------------------------------------------------------


def social_credit_code(first: str, serial: int) -> str:
    """A code that stands, its inner check too, by the number of its organisation."""
    body = f"{first}{words.COUNTY_CODE}MA{serial:06}"
    for inner in "0123456789X":
        for last in ALPHABET:
            judged = identity.check_uscc(body + inner + last)
            if judged.valid and judged.org_check:
                return body + inner + last
    return social_credit_code(first, serial + 500_000)


def _organisations(plan: Plan, values: dict) -> int:
    """One organisation to a hundred people, each with somebody of its village as legal representative."""
    wanted = plan.customers // ORGANISATIONS_ONE_IN
    with connection.cursor() as cursor:
        cursor.execute(ADULTS, {**values, "every": 12, "wanted": wanted})
        people = cursor.fetchall()
    rng = Dice(f"{plan.seed}:organisations")
    founded = [_organisation(row, serial, rng) for serial, row in enumerate(people)]
    with connection.cursor() as cursor:  # loading the people has made all checks immediate
        cursor.execute("SET CONSTRAINTS a_manager_for_every_organisation DEFERRED")
    Customer.objects.bulk_create([one["customer"] for one in founded], batch_size=BATCH)
    OrganisationManager.objects.bulk_create(
        [
            OrganisationManager(
                organisation=one["customer"],
                staff_id=one["manager"],
                valid_from=one["customer"].registered_on,
            )
            for one in founded
        ],
        batch_size=BATCH,
    )
    documents = []
    for pk, one in zip(draw_ids(IdentityDocument, len(founded)), founded, strict=True):
        licence = IdentityDocument(
            pk=pk,
            customer=one["customer"],
            kind=DocumentKind.USCC,
            **document_keys(DocumentKind.USCC, one["code"])._asdict(),
            issued_on=one["founded_on"],
            is_long_term=True,
            issued_by=f"{words.COUNTY}市场监督管理局",
            recorded_on=one["customer"].registered_on,
        )
        licence.seal("number", one["code"])
        documents.append(licence)
    IdentityDocument.objects.bulk_create(documents, batch_size=BATCH)
    Organisation.objects.bulk_create(
        [
            Organisation(
                customer=one["customer"],
                category=one["category"],
                legal_form=FORMS.get(one["category"], "limited"),
                founded_on=one["founded_on"],
                business_scope=one["scope"],
                registered_address=one["customer"].address,
                noted_on=one["customer"].registered_on,
            )
            for one in founded
        ],
        batch_size=BATCH,
    )
    Representative.objects.bulk_create(
        [
            Representative(
                organisation=one["customer"],
                person_id=one["person"],
                role=RepresentativeRole.LEGAL,
                valid_from=one["customer"].registered_on,
            )
            for one in founded
        ],
        batch_size=BATCH,
    )
    return 5 * len(founded)


def _organisation(row: tuple, serial: int, rng: Dice) -> dict:
    person, branch, village, place, address, registered_on, counter, cashier, manager = row
    first, category, ending, scope = TRADES[serial % len(TRADES)]
    name = f"{words.COUNTY}{place}{words.FIRMS[serial // len(TRADES) % len(words.FIRMS)]}{ending}"
    customer = Customer(
        kind=CustomerKind.ORGANISATION,
        name=name,
        **name_keys(name)._asdict(),
        branch_id=branch,
        village_id=village,
        address=address,
        source=FactSource.DOCUMENT,
        registered_on=registered_on,
        registered_at_id=counter,
        registered_by_id=cashier,
        verified_on=registered_on,
    )
    return {
        "customer": customer,
        "person": person,
        "manager": manager,
        "code": social_credit_code(first, serial),
        "category": category,
        "scope": scope,
        "founded_on": registered_on - timedelta(days=rng.randrange(30, 2500)),
    }
