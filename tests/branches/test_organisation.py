"""Units, areas, posts, the calendar and lists: deeds, what the database holds them to, and what pages show."""

from datetime import date, datetime, time, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from branches import appointments, lists, proposals, selectors
from branches.choices import DayKind, ListState, PostCode, ProposalState, UnitKind
from branches.models import (
    Area,
    AreaService,
    CalendarDay,
    ListImport,
    OpeningHours,
    PlannedPost,
    Post,
    StaffMember,
    Unit,
)
from branches.opening import parse_hours
from branches.services import areas, calendar, units
from branches.services import staff as people
from branches.signals import post_ended
from branches.tasks import begin_day
from coopcrm.shared import work
from coopcrm.shared.errors import PermissionRefused, Refused
from tests.factories import branch_of, make_branch, make_household, make_staff, make_union, make_village

pytestmark = pytest.mark.django_db


@pytest.fixture
def today():
    return timezone.localdate()


@pytest.fixture
def administrator():
    return make_staff(PostCode.ADMINISTRATOR)


@pytest.fixture
def head_office():
    return make_staff(PostCode.HEAD_OFFICE)


@pytest.fixture
def branch():
    return make_branch()


def fresh(staff):
    """The person as a new request sees them."""
    return StaffMember.objects.get(pk=staff.pk)


# -- Units -------------------------------------------------------------------------------------------------------------


def test_a_sub_branch_hangs_below_a_branch_and_nowhere_else(administrator, branch):
    sub = units.open_unit(
        by=administrator, kind=UnitKind.SUB_BRANCH, code="10", name="东街分社", parent=branch
    )

    assert sub.branch_id_of == branch.pk
    for parent in (make_union(), sub, None):
        with pytest.raises(Refused):
            units.open_unit(by=administrator, kind=UnitKind.COUNTER, code="11", name="x", parent=parent)


def test_only_administrators_keep_units(head_office, branch):
    with pytest.raises(PermissionRefused):
        units.change_unit(unit=branch, by=head_office, today=date(2026, 3, 31), name="x")


def test_closing_hands_over_villages_and_ends_posts_that_day(administrator, branch, today):
    officer, village, heir = (
        make_staff(PostCode.LOAN_OFFICER, branch),
        make_village(unit=branch),
        make_branch(),
    )
    with pytest.raises(Refused) as refusal:
        units.close_unit(unit=branch, on=today, villages_to=None, by=administrator, today=today)
    assert refusal.value.code == "villages_left"

    units.close_unit(unit=branch, on=today, villages_to=heir, by=administrator, today=today)

    village.refresh_from_db()
    assert village.unit == heir
    assert list(village.services.values_list("unit", "valid_to")) == [(branch.pk, today), (heir.pk, None)]
    assert not fresh(officer).scope.posts
    assert branch not in Unit.objects.open_on(today)
    assert branch in Unit.objects.open_on(today - timedelta(days=1))


def test_a_branch_with_households_or_units_below_does_not_close(administrator, branch, today):
    deed = {"unit": branch, "on": today, "villages_to": None, "by": administrator, "today": today}
    sub = Unit.objects.create(code="77", name="分社", kind=UnitKind.SUB_BRANCH, parent=branch)
    with pytest.raises(Refused) as refusal:
        units.close_unit(**deed)
    assert refusal.value.code == "units_below"
    units.close_unit(**deed | {"unit": sub})
    make_household(branch=branch)
    with pytest.raises(Refused) as refusal:
        units.close_unit(**deed)
    assert refusal.value.code == "business_left"


def test_vacancies_are_what_the_plan_has_and_nobody_holds(administrator, branch, today):
    make_staff(PostCode.CASHIER, branch)
    units.plan_posts(unit=branch, places={"cashier": 3, "director": 1}, by=administrator)

    node = next(node for root in selectors.chart(today) for node in root.walk() if node.unit == branch)

    assert {one.code: one.open_places for one in node.vacancies} == {"cashier": 2, "director": 1}
    with pytest.raises(Refused):
        units.plan_posts(unit=branch, places={"auditor": 1}, by=administrator)


# -- Hours and calendar ------------------------------------------------------------------------------------------------


def test_hours_are_inherited_dated_and_broken_by_days_that_differ(administrator, branch):
    union, monday = branch.parent, date(2026, 3, 16)
    week = dict.fromkeys(range(1, 6), parse_hours("8-12, 14-17:30"))
    units.set_opening_hours(unit=union, week=week, valid_from=date(2020, 1, 1), by=administrator)
    assert selectors.is_open(branch, datetime(2026, 3, 16, 9, 0))

    own = {1: parse_hours("10-16")}
    units.set_opening_hours(unit=branch, week=own, valid_from=monday, by=administrator)
    assert selectors.is_open(branch, datetime(2026, 3, 13, 9, 0))
    assert not selectors.is_open(branch, datetime(2026, 3, 16, 9, 0))
    assert selectors.is_open(branch, datetime(2026, 3, 16, 10, 0))

    units.except_day(unit=branch, day=monday, opens=None, closes=None, reason="system", by=administrator)
    assert not selectors.is_open(branch, datetime(2026, 3, 16, 10, 0))
    with pytest.raises(Refused):
        units.set_opening_hours(unit=branch, week=own, valid_from=date(2025, 1, 1), by=administrator)


def test_the_database_refuses_hours_that_overlap(branch):
    row = {"unit": branch, "weekday": 1, "valid_from": date(2026, 1, 1)}
    OpeningHours.objects.create(**row, opens=time(8), closes=time(12))
    with pytest.raises(IntegrityError), transaction.atomic():
        OpeningHours.objects.create(**row, opens=time(11), closes=time(14))


def test_directors_set_hours_in_their_branch_alone(branch):
    director = make_staff(PostCode.DIRECTOR, branch)
    week = {1: parse_hours("8-12")}
    units.set_opening_hours(unit=branch, week=week, valid_from=date(2026, 1, 1), by=director)
    with pytest.raises(PermissionRefused):
        units.set_opening_hours(unit=make_branch(), week=week, valid_from=date(2026, 1, 1), by=director)


def test_a_holiday_is_no_working_day_and_a_make_up_day_is_one(head_office):
    first = date(2026, 2, 16)
    calendar.mark_days(
        first=first, last=first + timedelta(days=4), kind=DayKind.HOLIDAY, name="春节", by=head_office
    )
    calendar.mark_days(
        first=date(2026, 2, 28),
        last=date(2026, 2, 28),
        kind=DayKind.EXTRA_WORKDAY,
        name="调休",
        by=head_office,
    )

    assert not selectors.is_working_day(first)
    assert selectors.is_working_day(date(2026, 2, 28))
    assert selectors.next_working_day(date(2026, 2, 13)) == date(2026, 2, 23)
    assert selectors.working_days(date(2026, 2, 16), date(2026, 2, 28)) == 6
    calendar.clear_day(day=first, by=head_office)
    assert selectors.is_working_day(first)


# -- Areas -------------------------------------------------------------------------------------------------------------


def test_a_code_ends_where_its_successor_begins(administrator, branch, today):
    village = make_village("孙家村", unit=branch)
    Area.objects.filter(pk=village.pk).update(registered_households=100)
    code = f"{village.code[:9]}501"

    after = areas.succeed_area(area=village, code=code, by=administrator, valid_from=today, today=today)

    village.refresh_from_db()
    assert (village.valid_to, village.successor, after.code) == (today, after, code)
    assert (after.name, after.registered_households, after.pinyin) == ("孙家村", 100, "sunjiacun")
    after.refresh_from_db()
    assert after.unit == branch
    assert list(selectors.villages()) == [after]
    assert selectors.versions_of(after) == [village, after]


def test_a_merger_adds_the_registers_and_takes_the_households_along(administrator, branch, today):
    one, other = make_village("孙家村", unit=branch), make_village("李家村", unit=branch)
    Area.objects.update(registered_households=10)
    household = make_household(branch=branch)
    type(household).objects.filter(pk=household.pk).update(village=one)

    areas.succeed_area(
        area=Area.objects.get(pk=one.pk), into=Area.objects.get(pk=other.pk), by=administrator,
        valid_from=today, today=today,
    )  # fmt: skip

    other.refresh_from_db()
    line = selectors.coverage_of([other])[0]
    assert (line.registered, line.known, line.percent) == (20, 1, 5)
    household.refresh_from_db()
    assert household.village == other


def test_the_database_refuses_two_versions_of_a_code_at_once():
    village = make_village()
    Area.objects.filter(pk=village.pk).update(valid_to=date(2026, 1, 1))
    with pytest.raises(IntegrityError), transaction.atomic():
        Area.objects.create(code=village.code, name="x", level="village", valid_from=date(2025, 1, 1))
    Area.objects.create(code=village.code, name="x", level="village", valid_from=date(2026, 1, 1))


@pytest.mark.parametrize(
    ("code", "level"), [("123", "village"), ("411522100000", "village"), ("411522100201", "township")]
)
def test_a_code_fits_its_level(administrator, code, level, today):
    with pytest.raises(Refused) as refusal:
        areas.add_area(code=code, name="x", level=level, by=administrator, valid_from=today, today=today)
    assert refusal.value.code == "area_code"


def test_a_village_changes_hands_on_its_day(administrator, branch, today, monkeypatch):
    village, heir, day = make_village(unit=branch), make_branch(), today + timedelta(days=3)
    areas.assign_area(area=village, unit=heir, valid_from=day, by=administrator, today=today)
    village.refresh_from_db()
    assert village.unit == branch

    monkeypatch.setattr(timezone, "localdate", lambda *args: day)
    begin_day()

    village.refresh_from_db()
    assert village.unit == heir
    with pytest.raises(IntegrityError), transaction.atomic():
        AreaService.objects.create(area=village, unit=branch, valid_from=day)


# -- Posts -------------------------------------------------------------------------------------------------------------


def ask(by, staff, unit, code=PostCode.LOAN_OFFICER, **more):
    return appointments.propose_post(
        staff=staff, unit=unit, code=code, valid_from=more.pop("start"), by=by, **more
    )


def test_a_post_begins_when_a_second_person_has_confirmed(administrator, head_office, branch, today):
    officer = people.open_account(username="liming", full_name="李明", by=administrator)
    assert not officer.has_usable_password()
    proposal = ask(administrator, officer, branch, start=today)
    assert not fresh(officer).scope.posts

    proposals.confirm(proposal, by=head_office)

    post = officer.posts.get()
    assert fresh(officer).scope.posts == {PostCode.LOAN_OFFICER}
    assert (post.proposed_by, post.confirmed_by) == (administrator, head_office)
    with pytest.raises(IntegrityError), transaction.atomic():
        Post.objects.filter(pk=post.pk).update(confirmed_by=administrator)


def test_nobody_grants_alone_or_for_themselves(administrator, head_office, branch, today):
    officer = make_staff(PostCode.CASHIER)
    proposal = ask(administrator, officer, branch, start=today)
    with pytest.raises(PermissionRefused):
        proposals.confirm(proposal, by=administrator)
    with pytest.raises(PermissionRefused):
        ask(administrator, administrator, make_union(), code=PostCode.HEAD_OFFICE, start=today)
    own = ask(administrator, head_office, make_union(), code=PostCode.UNION_RISK, start=today)
    with pytest.raises(PermissionRefused):
        proposals.confirm(own, by=head_office)
    with pytest.raises(PermissionRefused):
        ask(officer, make_staff(), branch, start=today)


def test_directors_ask_for_posts_below_their_own_in_their_branch(branch, today):
    director, cashier = make_staff(PostCode.DIRECTOR, branch), make_staff(PostCode.CASHIER)
    ask(director, cashier, branch, start=today)
    for unit, code in ((branch, PostCode.DEPUTY_DIRECTOR), (make_branch(), PostCode.CASHIER)):
        with pytest.raises(PermissionRefused):
            ask(director, cashier, unit, code=code, start=today)


def test_a_transfer_ends_the_old_post_on_the_same_day(administrator, head_office, branch, today):
    officer = make_staff(PostCode.LOAN_OFFICER)
    proposal = ask(administrator, officer, branch, start=today, ends=officer.posts.get())
    proposals.confirm(proposal, by=head_office)

    assert fresh(officer).scope.branch_ids == {branch.pk}
    assert officer.posts.get(valid_to__isnull=False).valid_to == today


def test_a_stand_in_holds_the_post_of_somebody_who_has_it(administrator, head_office, branch, today):
    absent, colleague = make_staff(PostCode.CASHIER, branch), make_staff(PostCode.ACCOUNTANT, branch)
    until = today + timedelta(days=7)
    deed = {"code": PostCode.CASHIER, "start": today, "stands_in_for": absent}
    with pytest.raises(Refused):
        ask(administrator, colleague, branch, **deed)
    with pytest.raises(Refused):
        ask(administrator, colleague, make_branch(), valid_to=until, **deed)

    proposals.confirm(ask(administrator, colleague, branch, valid_to=until, **deed), by=head_office)

    assert fresh(colleague).scope.posts == {PostCode.CASHIER, PostCode.ACCOUNTANT}
    post = colleague.posts.get(stands_in_for=absent)
    with pytest.raises(IntegrityError), transaction.atomic():
        Post.objects.filter(pk=post.pk).update(valid_to=None)


def test_what_no_longer_fits_at_confirmation_fails_with_its_reason(administrator, head_office, branch, today):
    officer = make_staff(PostCode.CASHIER)
    proposal = ask(administrator, officer, branch, start=today)
    StaffMember.objects.filter(pk=officer.pk).update(is_active=False)

    assert proposals.confirm(proposal, by=head_office).state == ProposalState.FAILED
    assert officer.posts.count() == 1


def test_one_person_ends_a_post_at_once_and_listeners_hear_of_it(
    branch, today, django_capture_on_commit_callbacks
):
    director, officer = make_staff(PostCode.DIRECTOR, branch), make_staff(PostCode.LOAN_OFFICER, branch)
    heard = []
    post_ended.connect(
        lambda sender, staff, post, **more: heard.append(staff), weak=False, dispatch_uid="test"
    )
    with django_capture_on_commit_callbacks(execute=True):
        people.end_post(post=officer.posts.get(), on=today, by=director, today=today, reason="resigned")
    post_ended.disconnect(dispatch_uid="test")

    assert not fresh(officer).scope.posts
    assert heard == [officer]
    for post, by in ((director.posts.get(), director), (make_staff().posts.get(), director)):
        with pytest.raises(PermissionRefused):
            people.end_post(post=post, on=today, by=by, today=today)


def test_rotation_lists_what_is_due_for_the_own_branch(branch, today):
    director, officer = make_staff(PostCode.DIRECTOR, branch), make_staff(PostCode.LOAN_OFFICER, branch)
    make_staff(PostCode.LOAN_OFFICER)
    Post.objects.update(valid_from=today - timedelta(days=4 * 366))

    lines = selectors.rotation_lines(director, today)

    assert lines[0].post.staff == officer
    assert lines[0].state == "OVERDUE"
    assert {line.post.unit for line in selectors.rotation_lines(director, today, everybody=True)} == {branch}


# -- Lists -------------------------------------------------------------------------------------------------------------


def send(client, kind, text, today):
    file = SimpleUploadedFile("list.csv", text.encode(), content_type="text/csv")
    response = client.post(reverse("branches:upload-list", args=[kind]), {"file": file, "as_of": today})
    assert response.status_code == 302, response.context["form"].errors
    return ListImport.objects.get(pk=int(response.url.rstrip("/").rpartition("/")[2]))


def test_a_list_of_units_comes_in_as_its_preview_showed_and_twice_changes_nothing(
    client, administrator, today
):
    client.force_login(administrator)
    union = make_union()
    text = f"Code,Name,Kind,Unit above\n88,寨河信用社,信用社,{union.code}\n8801,寨河分社,sub_branch,88\n"
    offered = send(client, "units", text, today)
    assert (offered.counts["new"], Unit.objects.filter(code="88").count()) == (2, 0)

    client.post(reverse("branches:confirm-list", args=[offered.pk]))

    offered.refresh_from_db()
    assert (offered.state, offered.rows) == (ListState.DONE, [])
    assert Unit.objects.get(code="8801").parent.name == "寨河信用社"
    assert send(client, "units", text, today).counts == {"new": 0, "changed": 0, "unchanged": 2, "error": 0}


def test_rows_with_errors_say_why_and_keep_the_whole_list_out(client, administrator, today):
    client.force_login(administrator)
    text = "日期,类型,名称\n2027-01-01,公休,元旦\n2027-13-01,holiday,x\n2027-01-02,法定节假日,元旦\n"
    offered = send(client, "calendar", text, today)

    assert [line["outcome"] for line in offered.preview] == ["error", "error", "new"]
    assert [line["row"] for line in offered.preview] == [2, 3, 4]
    assert "2027-13-01" in offered.preview[1]["errors"][0]
    long = send(client, "staff", f"username,full_name\nliming,{'李' * 101}\nlihua,李华\n", today)
    assert [line["outcome"] for line in long.preview] == ["error", "new"]
    client.post(reverse("branches:confirm-list", args=[offered.pk]))
    assert not CalendarDay.objects.exists()


def test_what_changed_since_the_preview_is_not_taken_in(administrator, today):
    make_union()
    content = "code,name,kind,unit above\n88,寨河信用社,branch,1002\n".encode()
    offered = lists.offer_list(
        kind="units",
        content=content,
        file_name="a.csv",
        as_of=today,
        by=administrator,
        language="en",
        today=today,
    )
    Unit.objects.create(code="88", name="寨河", kind=UnitKind.BRANCH, parent=make_union())

    with pytest.raises(lists.ListChanged):
        lists.confirm_list(offered=offered, by=administrator, today=today)
    assert Unit.objects.get(code="88").name == "寨河"


def test_a_list_of_staff_opens_accounts_and_asks_for_posts(client, administrator, branch, today):
    client.force_login(administrator)
    offered = send(
        client, "staff", f"username,full_name,post,unit\nliming,李明,信贷员,{branch.code}\n", today
    )
    assert offered.preview[0]["asks"]

    client.post(reverse("branches:confirm-list", args=[offered.pk]))

    person = StaffMember.objects.get(username="liming")
    assert not person.posts.exists()
    assert not person.has_usable_password()
    assert proposals.waiting_about(fresh(administrator), person)


def test_a_long_list_of_areas_is_checked_and_taken_in_by_a_worker(
    client, administrator, branch, today, monkeypatch
):
    monkeypatch.setattr(lists, "AT_ONCE", 2)
    client.force_login(administrator)
    text = "code,name,households,unit\n411522000000,光山县,,\n411522100000,孙铁铺镇,,\n"
    text += "".join(f"4115221002{n:02d},第{n}村,{n}00,{branch.code}\n" for n in range(1, 6))
    offered = send(client, "areas", text, today)
    assert offered.state == ListState.CHECKING
    work.work_until_idle(5)
    offered.refresh_from_db()
    assert (offered.state, offered.counts["new"]) == (ListState.CHECKED, 7)

    client.post(reverse("branches:confirm-list", args=[offered.pk]))
    work.work_until_idle(5)

    offered.refresh_from_db()
    assert offered.state == ListState.DONE
    village = Area.objects.get(code="411522100203")
    assert (village.parent.name, village.unit, village.registered_households) == ("孙铁铺镇", branch, 300)
    assert village.services.get().valid_from == today


# -- Pages -------------------------------------------------------------------------------------------------------------


def queries_of(client, url):
    with CaptureQueriesContext(
        connection,
    ) as found:
        assert client.get(url).status_code == 200
    return len(found)


def test_pages_cost_the_same_with_more_of_everything(client, administrator, branch, today):
    client.force_login(administrator)
    make_staff(PostCode.LOAN_OFFICER, branch)
    make_village("孙家村", unit=branch)
    pages = [
        reverse("branches:units"),
        reverse("branches:units") + "?view=drawn",
        reverse("branches:unit", args=[branch.pk]),
        reverse("branches:areas"),
        reverse("branches:areas") + "?q=s",
        reverse("branches:staff"),
        reverse("branches:calendar") + "?year=2026",
        reverse("branches:rotation") + "?show=all",
        reverse("branches:lists"),
    ]
    before = {page: queries_of(client, page) for page in pages}
    PlannedPost.objects.create(unit=branch, code="cashier", places=3)
    for number in range(3):
        other = make_branch()
        make_staff(PostCode.LOAN_OFFICER, other)
        make_staff(PostCode.LOAN_OFFICER, branch)
        make_village(f"孙{number}村", unit=branch)
        CalendarDay.objects.create(day=date(2026, 1, number + 1), kind=DayKind.HOLIDAY, name="元旦")
        ListImport.objects.create(kind="units", file_name="a.csv", as_of=today, uploaded_by=administrator)

    assert {page: queries_of(client, page) for page in pages} == before


def test_the_chart_finds_a_person_and_shows_where_they_stand(client, administrator, branch):
    officer = make_staff(PostCode.LOAN_OFFICER, branch, full_name="欧阳春")
    make_branch("寨河信用社")
    client.force_login(administrator)

    text = client.get(reverse("branches:units"), {"q": "欧阳"}).content.decode()

    assert officer.full_name in text
    assert branch.name in text
    assert "寨河信用社" not in text


def test_a_post_is_asked_for_and_ended_over_the_pages(client, branch, today):
    director, officer = make_staff(PostCode.DIRECTOR, branch), make_staff(PostCode.CASHIER, branch)
    client.force_login(director)
    data = {"unit": branch.pk, "code": "accountant", "valid_from": today, "reason": "leave of the accountant"}

    asked = client.post(reverse("branches:ask-post", args=[officer.pk]), data)
    assert asked.url == reverse("branches:proposal", args=[proposals.waiting_about(director, officer)[0].pk])
    page = client.get(reverse("branches:member", args=[officer.pk])).content.decode()
    assert asked.url in page

    client.post(reverse("branches:end-post", args=[officer.posts.get().pk]), {"reason": "resigned"})
    assert not fresh(officer).scope.posts
    assert branch_of(director) == branch
