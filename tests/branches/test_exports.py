"""Lists that leave the house: purpose, second person, mark, record, end."""

import csv
import io
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from branches import proposals
from branches.choices import PostCode
from branches.exports import kinds, services
from branches.exports.organisation import UNITS
from branches.models import Export, Proposal
from coopcrm.shared import files, lists, work
from coopcrm.shared.errors import DomainError, PermissionRefused
from coopcrm.shared.models import AuditEntry
from tests.factories import branch_of, make_staff

pytestmark = pytest.mark.django_db
LIST = "test.list"


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def rows(monkeypatch):
    """A kind of list whose rows the test decides; accountants and directors take it."""
    rows = [["=1+1", Decimal("12.50"), None]]
    kind = kinds.Kind(
        LIST,
        title="List of things",
        clean=lambda staff, given: dict(given),
        may_order=lambda staff, params: staff.scope.holds(PostCode.ACCOUNTANT, PostCode.DIRECTOR),
        count=lambda staff, params, most: min(len(rows), most + 1),
        table=lambda staff, params, with_numbers: kinds.Table(["what", "amount", "note"], iter(rows)),
    )
    monkeypatch.setitem(kinds.KINDS, LIST, kind)
    return rows


@pytest.fixture
def accountant():
    return make_staff(PostCode.ACCOUNTANT)


def order(staff, **given):
    given = {"format": "csv", "purpose": "Round of visits", "given": {}, **given}
    return services.order_export(LIST, staff=staff, **given)


def written(export):
    while work.do_next_order():
        pass
    export.refresh_from_db()
    return export


def lines_of(export):
    return list(csv.reader(io.StringIO(files.content_of(export.file).decode("utf-8-sig"))))


def deeds_about(export):
    found = AuditEntry.objects.filter(deed="export", table_name="branches_export", key=str(export.pk))
    return [entry.new["step"] for entry in found.order_by("id")]


def test_list_carries_its_mark_above_and_below(rows, accountant):
    export = written(order(accountant))

    above, heads, row, below = lines_of(export)
    assert (heads, row) == (["what", "amount", "note"], ["'=1+1", "12.50", ""])
    assert above == below
    assert lists.is_mark(above[0])
    for word in (
        f"no. {export.pk} ",
        accountant.full_name,
        f"{timezone.localdate():%Y-%m-%d}",
        "Round of visits",
    ):
        assert word in above[0]


def test_workbook_is_marked_on_paper_and_in_its_properties_and_holds_no_formula(rows, accountant):
    export = written(order(accountant, format="xlsx", purpose='Visits & "more"'))

    book = load_workbook(io.BytesIO(files.content_of(export.file)))
    sheet = book.active
    assert [[cell.value for cell in row] for row in sheet["A2:C3"]] == [
        ["what", "amount", "note"],
        ["'=1+1", 12.5, None],
    ]
    assert {cell.data_type for row in sheet.rows for cell in row} <= {"s", "n", "inlineStr"}
    assert (book.properties.creator, book.properties.subject, book.properties.keywords) == (
        f"{accountant} ({accountant.username})",
        'Visits & "more"',
        str(export.pk),
    )
    assert "Visits && " in sheet.oddHeader.left.text.replace("&&", "&").replace("Visits &", "Visits &&")
    assert sheet["A1"].value == sheet["A4"].value


def test_days_and_figures_stay_what_they_are_in_a_workbook():
    mark = lists.Mark(1, "t", "n", timezone.now(), "p")
    day = timezone.localdate()
    values = [
        day,
        7,
        1.5,
        Decimal("-3.20"),
        "-3.20",
        "-x",
        True,
        None,
        "\x00=1",
        "411522198005121231",
        10**20,
    ]

    sheet = load_workbook(io.BytesIO(b"".join(lists.as_xlsx(mark, ["x"], [values])))).active

    found = [cell.value for cell in sheet[3]]
    assert found[0].date() == day
    assert found[1:] == [7, 1.5, -3.2, "-3.20", "'-x", "yes", None, "'=1", "411522198005121231", str(10**20)]


def test_long_list_waits_for_a_second_person(rows, accountant):
    rows *= services.ALONE_ROWS + 1
    director = make_staff(PostCode.DIRECTOR, branch_of(accountant))
    elsewhere = make_staff(PostCode.DIRECTOR)

    export = written(order(accountant))
    proposal = Proposal.objects.get()
    for other in (accountant, elsewhere):
        with pytest.raises(PermissionRefused):
            proposals.confirm(proposal, by=other)
    assert (export.file, export.job) == (None, None)
    proposals.confirm(proposal, by=director)

    assert (written(export).rows, export.approved_by) == (services.ALONE_ROWS + 1, director)


def test_database_writes_no_long_list_without_another_person(rows, accountant):
    rows *= services.ALONE_ROWS + 1
    export = order(accountant)
    own = {"approved_by": accountant, "approved_at": timezone.now()}

    for change in ({"job": work.order_work(kind="x", title="x", orders=[])}, own):
        with pytest.raises(IntegrityError), transaction.atomic():
            Export.objects.filter(pk=export.pk).update(**change)


def test_list_that_grew_past_what_one_may_take_alone_is_not_written(rows, accountant):
    export = order(accountant)
    rows *= services.ALONE_ROWS + 1

    assert (written(export).file, export.job.state) == (None, "failed")
    assert "500" in export.job.error


def test_rights_that_have_gone_meanwhile_stop_the_file(rows, accountant):
    export = order(accountant)
    accountant.posts.all().delete()

    assert written(export).file is None


@pytest.mark.parametrize(
    ("given", "code"),
    [({"purpose": " "}, "purpose_missing"), ({"with_numbers": True}, "not_permitted")],
)
def test_list_without_purpose_or_right_is_not_ordered(rows, accountant, given, code):
    with pytest.raises(DomainError) as refusal:
        order(accountant, **given)

    assert (refusal.value.code, Export.objects.count()) == (code, 0)


def test_longest_list_is_narrowed_first(rows, accountant, monkeypatch):
    monkeypatch.setattr(services, "LARGEST", 0)

    with pytest.raises(DomainError) as refusal:
        order(accountant)

    assert refusal.value.code == "list_too_long"


def test_every_fetching_is_counted_and_on_record(rows, accountant, client):
    export = written(order(accountant))
    client.force_login(accountant)

    answers = [client.post(reverse("branches:export-file", args=[export.pk])) for _ in range(2)]

    export.refresh_from_db()
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].headers["Content-Disposition"] == f'attachment; filename="list-{export.pk}.csv"'
    assert (export.downloads, deeds_about(export)) == (2, ["written", "fetched", "fetched"])


def test_file_ends_after_a_week_and_the_record_of_it_stays(
    rows, accountant, django_capture_on_commit_callbacks
):
    export = written(order(accountant))
    past = timezone.now() - services.DAYS_KEPT - timedelta(minutes=1)
    Export.objects.filter(pk=export.pk).update(written_at=past, expires_at=past + services.DAYS_KEPT)

    with django_capture_on_commit_callbacks(execute=True):
        ended = services.end_exports()

    export.refresh_from_db()
    assert (ended, services.end_exports()) == (1, 0)
    assert (export.is_there, files.path_of(export.file).exists()) == (False, False)
    with pytest.raises(DomainError) as refusal:
        services.fetch_export(export, staff=accountant)
    assert refusal.value.code == "export_gone"


def test_list_is_its_takers_own_and_auditors_see_that_it_was_taken(rows, accountant, client):
    export = written(order(accountant))
    pages = {}
    for name, staff in {
        "taker": accountant,
        "colleague": make_staff(PostCode.ACCOUNTANT, branch_of(accountant)),
        "auditor": make_staff(PostCode.AUDITOR),
    }.items():
        client.force_login(staff)
        shown = "Round of visits" in client.get(reverse("branches:exports")).content.decode()
        file = client.post(reverse("branches:export-file", args=[export.pk])).status_code
        pages[name] = (shown, client.get(reverse("branches:export", args=[export.pk])).status_code, file)

    assert pages == {"taker": (True, 200, 200), "colleague": (False, 404, 404), "auditor": (True, 200, 403)}


def test_list_is_ordered_by_a_form_and_a_page_of_them_costs_the_same(rows, accountant, client):
    client.force_login(accountant)
    form = {"kind": LIST, "format": "csv", "purpose": "Round of visits", "rows_village": "7"}
    page = reverse("branches:exports")

    def queries():
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as captured:
            client.get(page)
        return len(captured)

    counts = []
    for _ in range(3):
        assert client.post(page, form).url == page
        counts.append(queries())

    assert Export.objects.filter(ordered_by=accountant, params={"village": "7"}).count() == 3
    assert len(set(counts)) == 1


def test_units_go_out_as_they_come_in():
    head_office = make_staff(PostCode.HEAD_OFFICE)

    export = services.order_export(UNITS, staff=head_office, format="csv", purpose="Check", given={})

    assert lines_of(written(export))[1][:3] == ["code", "name", "kind"]
