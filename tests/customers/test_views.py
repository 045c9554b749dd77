"""Pages of the registry as each post meets them."""

import re

import pytest
from django.db.models import F
from django.urls import reverse

from branches.choices import PostCode
from branches.models import Area
from customers import registries
from customers.choices import CustomerState, LedgerKind, RowOutcome
from customers.models import FactSheet, LedgerFile, LedgerImport, LedgerRow, VisitNote
from tests.factories import (
    TODAY,
    branch_of,
    make_branch,
    make_customer,
    make_household,
    make_pair,
    make_staff,
    make_village,
    make_visit,
    resident_number,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def cashier(client):
    staff = make_staff()
    client.force_login(staff)
    return staff


@pytest.fixture
def officer(client):
    staff = make_staff(PostCode.LOAN_OFFICER)
    client.force_login(staff)
    return staff


@pytest.fixture
def accountant(client):
    staff = make_staff(PostCode.ACCOUNTANT)
    client.force_login(staff)
    return staff


def page(client, name, *args, **query):
    response = client.get(reverse(f"customers:{name}", args=args), query)
    return response, response.content.decode()


# -- list and search ---------------------------------------------------------------------------------------------------


def test_list_shows_own_branch_by_pinyin(client, cashier):
    make_customer("张桂兰", branch=branch_of(cashier))
    make_customer("李秀英", branch=branch_of(cashier))
    make_customer("外人氏")

    _, text = page(client, "list")

    assert text.index("李秀英") < text.index("张桂兰")
    assert "外人氏" not in text


def test_list_is_narrowed_by_village_and_pages_by_id(client, cashier, monkeypatch):
    monkeypatch.setattr(
        "customers.lists.selectors.customer_list.__kwdefaults__",
        {"order": "name", "after": "", "before": "", "size": 2},
    )
    village = make_village(unit=branch_of(cashier))
    people = [make_customer(f"王{name}", branch=branch_of(cashier), village=village) for name in "安兵春"]
    make_customer("王大", branch=branch_of(cashier))

    response, first = page(client, "list", village=village.pk)
    _, second = page(client, "list", village=village.pk, after=response.context["page"].after)

    assert [row.customer for row in response.context["rows"]] == people[:2]
    assert (people[2].name in second, "王大" in first + second) == (True, False)


def test_list_costs_the_same_with_one_row_and_with_many(client, cashier):
    branch = branch_of(cashier)
    make_household(branch=branch)
    page(client, "list")
    with CountQueries() as few:
        page(client, "list")
    for name in ("王磊", "王强", "王芳"):
        make_household(make_customer(name, branch=branch, village=make_village(unit=branch)))

    with CountQueries() as many:
        page(client, "list")

    # 6 of the list, 5 of what can be done with many rows; session, person, posts, frame
    assert (many.count, many.count <= 17) == (few.count, True)


def test_head_office_chooses_a_village_of_the_branch_it_has_chosen(client):
    client.force_login(make_staff(PostCode.HEAD_OFFICE))
    branch = make_branch()
    village, other = make_village("孙家村", unit=branch), make_village("白雀园村", unit=make_branch())
    make_customer("张桂兰", branch=branch, village=village)
    make_customer("王建国", branch=branch)

    _, whole = page(client, "list")
    _, text = page(client, "list", branch=branch.pk, village=village.pk)

    assert ("孙家村</option>" in whole, "王建国" in whole) == (False, True)
    assert ("孙家村</option>" in text, other.name in text) == (True, False)
    assert ("张桂兰" in text, "王建国" in text) == (True, False)


def test_what_is_searched_never_stands_in_an_address(client, cashier):
    make_customer(branch=branch_of(cashier), phone="13912345678")
    make_customer("王秀英", branch=branch_of(cashier), phone="13800005678")

    response = client.post(reverse("customers:search"), {"q": "5678"})

    assert (response.status_code, response.request["QUERY_STRING"]) == (200, "")
    assert "张桂兰" in response.content.decode()
    assert client.get(reverse("customers:search")).status_code == 302


def test_single_hit_of_the_own_branch_opens(client, cashier):
    customer = make_customer(branch=branch_of(cashier))

    response = client.post(reverse("customers:search"), {"q": "zgl"})

    assert response.url == reverse("customers:customer", args=[customer.pk])


def test_results_while_typing_are_a_part_of_a_page_with_foreign_names_masked(client, cashier):
    make_customer("张桂兰")

    response = client.post(reverse("customers:search"), {"q": "张"}, headers={"HX-Request": "true"})

    text = response.content.decode()
    assert "<html" not in text
    assert "张*兰" in text
    assert "张桂兰" not in text


# -- customer ----------------------------------------------------------------------------------------------------------


def test_own_customer_shows_masked_numbers_household_and_timeline(client, officer):
    branch = branch_of(officer)
    customer = make_customer(branch=branch, number="411522198005121231", phone="13912345678")
    make_visit(make_household(customer), officer)

    response, text = page(client, "customer", customer.pk)

    assert response.status_code == 200
    assert "411522********1231" in text
    assert "139****5678" in text
    assert "New greenhouse" in text
    assert "411522198005121231" not in text


def test_foreign_customer_is_a_masked_card_and_nothing_beneath_it(client, officer):
    stranger = make_customer(
        "张桂兰", number="411522198005121231", phone="13912345678", village=make_village()
    )
    household = make_household(stranger)
    visit = make_visit(household, make_staff(PostCode.LOAN_OFFICER))

    response, text = page(client, "customer", stranger.pk)

    assert response.status_code == 200
    assert "张*兰" in text
    assert "孙家村" in text
    assert "2026-03" in text, "the month of the last visit, though the visit itself is closed"
    for secret in ("张桂兰", "1231", "5678", "greenhouse", f"#{household.pk}"):
        assert secret not in text
    for name, pk in (("household", household.pk), ("visit", visit.pk), ("record-facts", household.pk)):
        foreign, missing = (
            client.get(reverse(f"customers:{name}", args=[pk])),
            client.get(reverse(f"customers:{name}", args=[10**9])),
        )
        assert (foreign.status_code, missing.status_code) == (404, 404)


def test_merged_customer_leads_to_the_survivor(client, cashier):
    survivor = make_customer(branch=branch_of(cashier))
    merged = make_customer(branch=branch_of(cashier), merged_into=survivor, state=CustomerState.MERGED)

    response, _ = page(client, "customer", merged.pk)

    assert response.url == reverse("customers:customer", args=[survivor.pk])


def test_customer_page_costs_the_same_with_one_event_and_with_many(
    client, officer, django_assert_num_queries
):
    branch = branch_of(officer)
    customer = make_customer(branch=branch, number=resident_number(), phone="13912345678")
    household = make_household(customer)
    url = reverse("customers:customer", args=[customer.pk])
    client.get(url)
    with CountQueries() as few:
        client.get(url)
    for name in ("王磊", "王强", "王芳"):
        make_household_member(household, make_customer(name, branch=branch))
        make_visit(household, officer)
        make_pair(customer, make_customer("张桂蓝"))

    with CountQueries() as many:
        client.get(url)

    assert many.count == few.count


class CountQueries:
    def __enter__(self):
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        self.capture = CaptureQueriesContext(connection)
        self.capture.__enter__()
        return self

    def __exit__(self, *details):
        self.capture.__exit__(*details)
        self.count = len(self.capture)


def make_household_member(household, customer):
    from tests.factories import join

    return join(household, customer)


def test_cards_and_events_of_other_apps_appear(client, officer, monkeypatch):
    customer = make_customer(branch=branch_of(officer))
    cards, events = registries.Placed(), registries.TimelineSources()
    title = {"icon_name": "award", "title": "Grade AA", "text": "84.2 points"}
    cards.register("grade", lambda staff, person, household: ("components/empty.html", title))
    event = registries.TimelineEvent(TODAY, "Rating AA", "was A")
    events.register("ratings", lambda *given: [event], kind="rating")
    monkeypatch.setattr(registries, "page_cards", cards)
    monkeypatch.setattr(registries, "timeline_sources", events)

    _, text = page(client, "customer", customer.pk)

    assert "Rating AA" in text
    assert "Grade AA" in text


def test_phone_is_added_by_the_own_branch_alone(client, cashier):
    own, foreign = make_customer(branch=branch_of(cashier)), make_customer()

    client.post(reverse("customers:phones", args=[own.pk]), {"number": "139 1234 5678"})
    refused = client.post(reverse("customers:phones", args=[foreign.pk]), {"number": "13912345678"})

    assert (own.phones.count(), refused.status_code, foreign.phones.count()) == (1, 404, 0)


# -- household ---------------------------------------------------------------------------------------------------------


def test_household_shows_members_facts_with_sources_and_visits(client, officer):
    household = make_household(branch=branch_of(officer))
    make_visit(household, officer)
    FactSheet.objects.create(
        household=household,
        recorded_on=TODAY,
        population=4,
        net_income="48000",
        sources={
            "population": ["seen", officer.pk, "2026-03-18"],
            "net_income": ["document", None, "2026-03-01"],
        },
    )

    _, text = page(client, "household", household.pk)

    for expected in ("张桂兰", "¥ 48,000.00", "source-seen", "2026-03-18", "New greenhouse"):
        assert expected in text


# -- numbers in links ------------------------------------------------------------------------------------------------


def test_long_ids_stand_in_links_and_headings_as_digits(client, officer):
    branch = branch_of(officer)
    village = make_village(unit=branch)
    Area.objects.filter(pk=village.pk).update(id=F("id") + 1_000_000)
    head = make_customer("张桂兰", branch=branch, id=1_218_233, village_id=village.pk + 1_000_000)
    household = make_household(head, id=1_018_233)
    make_visit(household, officer, id=1_318_233)

    texts = [
        page(client, name, *args)[1]
        for name, args in (("customer", [head.pk]), ("household", [household.pk]))
    ]
    texts += [
        page(client, "visits")[1],
        page(client, "visit", 1_318_233)[1],
        page(client, "new-visit", household=household.pk)[1],
    ]
    texts.append(client.post(reverse("customers:search"), {"q": "孙"}).content.decode())
    texts.append(client.post(reverse("customers:villages"), {"village": "sjc"}).content.decode())

    assert "?household=1018233" in texts[0]
    assert "#1018233" in texts[1]
    assert f'data-id="{village.pk + 1_000_000}"' in texts[-1]
    for text in texts:
        assert not re.search(r"1,[0-9]18,233|1,000,\d{3}", text)


# -- visits ------------------------------------------------------------------------------------------------------------

NOTE = "New greenhouse of two mu, two pigs sold, the son works in Wuhan."


def test_visit_is_noted_with_facts_and_their_sources(client, officer):
    household = make_household(branch=branch_of(officer))
    form = {
        "visited_on": "2026-03-18",
        "minutes": "12",
        "summary": NOTE,
        "population": "4",
        "population_source": "seen",
        "net_income": "48000",
        "net_income_source": "document",
    }

    response = client.post(f"{reverse('customers:new-visit')}?household={household.pk}", form)

    assert response.url == reverse("customers:household", args=[household.pk])
    sheet = FactSheet.objects.get()
    assert (sheet.population, sheet.sources["population"]) == (4, ["seen", officer.pk, "2026-03-18"])
    assert sheet.sources["net_income"][0] == "document"


def test_short_note_says_how_much_is_missing(client, officer):
    household = make_household(branch=branch_of(officer))

    response = client.post(
        f"{reverse('customers:new-visit')}?household={household.pk}",
        {"visited_on": "2026-03-18", "summary": "All well."},
    )

    assert "21 more characters" in response.content.decode()
    assert not VisitNote.objects.exists()


def test_correction_is_shown_beside_the_original(client, officer):
    visit = make_visit(make_household(branch=branch_of(officer)), officer)

    client.post(reverse("customers:correct-visit", args=[visit.pk]), {"summary": "Three pigs were sold."})
    _, text = page(client, "visit", visit.pk)

    assert "New greenhouse, two pigs sold." in text
    assert "Three pigs were sold." in text


def test_due_households_wait_on_the_visits_page(client, officer):
    branch = branch_of(officer)
    due = make_household(make_customer("王建国", branch=branch))
    make_household(make_customer("外人氏"))

    _, text = page(client, "visits")

    assert f"?household={due.pk}" in text
    assert "外人氏" not in text


def test_cashier_notes_no_visits(client, cashier):
    household = make_household(branch=branch_of(cashier))

    assert client.get(f"{reverse('customers:new-visit')}?household={household.pk}").status_code == 403


def test_accountant_records_facts_from_documents(client, accountant):
    household = make_household(branch=branch_of(accountant))

    client.post(
        reverse("customers:record-facts", args=[household.pk]),
        {"assets": "90000", "assets_source": "document"},
    )

    assert FactSheet.objects.get().sources["assets"][0] == "document"


# -- ledgers -----------------------------------------------------------------------------------------------------------


def make_file(branch, **fields):
    run = LedgerImport.objects.create(as_of=TODAY)
    fields = {"kind": LedgerKind.COUNTER_REGISTER, "name": "柜台登记簿.xlsx", "digest": b"1", **fields}
    return LedgerFile.objects.create(run=run, branch=branch, **fields)


def make_row(file, number, outcome, customer=None, reason=""):
    row = LedgerRow(
        file=file,
        branch=file.branch,
        kind=file.kind,
        row_number=number,
        row_key=bytes([number] * 16),
        outcome=outcome,
        customer=customer,
        reason=reason,
    )
    row.seal("raw", "[]")
    row.save(force_insert=True)
    return row


def test_ledgers_show_counts_column_maps_and_rows(client, accountant):
    branch = branch_of(accountant)
    customer = make_customer(branch=branch)
    file = make_file(branch, columns=[{"label": "姓 名", "field": "name", "confidence": 0.98}])
    make_row(file, 2, RowOutcome.CREATED, customer)
    make_row(file, 3, RowOutcome.REJECTED, reason="NAME_MISSING")

    _, listed = page(client, "ledgers")
    _, text = page(client, "ledger-file", file.pk, outcome="rejected")

    assert "柜台登记簿.xlsx" in listed
    assert ("姓 名" in text, "98" in text, "NAME_MISSING" in text) == (True, True, True)
    assert f"#{customer.pk}" not in text


def test_file_of_another_branch_is_missing(client, accountant):
    file = make_file(make_branch())

    assert page(client, "ledger-file", file.pk)[0].status_code == 404


# -- everybody ---------------------------------------------------------------------------------------------------------


def test_who_holds_no_post_is_turned_away(client):
    staff = make_staff()
    staff.posts.all().delete()
    client.force_login(staff)
    customer = make_customer()

    for name, args in (
        ("list", []),
        ("customer", [customer.pk]),
        ("visits", []),
        ("review", []),
        ("ledgers", []),
    ):
        assert page(client, name, *args)[0].status_code == 403, name
