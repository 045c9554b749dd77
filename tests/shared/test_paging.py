"""Lists by signed cursor: forwards, backwards, and what is not a cursor."""

import pytest
from django.test import RequestFactory

from branches.models import Unit
from coopcrm.shared.paging import BadCursor, Keyset, page_of
from tests.factories import make_branch

pytestmark = pytest.mark.django_db
BY_NAME = Keyset("by-name", ("-name", "id"))


@pytest.fixture
def units():
    make_branch("丙")
    for name in ("甲", "乙", "甲", "丁"):
        make_branch(name)
    return Unit.objects.exclude(parent=None)


def ids(page):
    return [row.pk for row in page.rows]


def test_a_list_is_walked_forwards_and_back_without_loss(units):
    whole = [unit.pk for unit in units.order_by("-name", "id")]

    first = BY_NAME.page(units, size=2)
    second = BY_NAME.page(units, after=first.next_cursor, size=2)
    third = BY_NAME.page(units, after=second.next_cursor, size=2)
    back = BY_NAME.page(units, before=third.previous_cursor, size=2)

    assert ids(first) + ids(second) + ids(third) == whole
    assert ids(back) == ids(second)
    assert (first.previous_cursor, third.next_cursor) == (None, None)


@pytest.mark.parametrize("cursor", ["x", "eyJ4IjoxfQ:1abc:def", "\x00"])
def test_what_is_not_a_cursor_is_refused(units, cursor):
    with pytest.raises(BadCursor):
        BY_NAME.page(units, after=cursor)


def test_a_cursor_of_another_list_is_refused(units):
    cursor = BY_NAME.page(units, size=1).next_cursor

    with pytest.raises(BadCursor):
        Keyset("other", ("-name", "id")).page(units, after=cursor)


def test_an_altered_address_begins_again_at_the_first_page(units):
    page = page_of(RequestFactory().get("/", {"after": "altered"}), units, BY_NAME, size=2)

    assert ids(page) == ids(BY_NAME.page(units, size=2))


def test_at_most_two_hundred_rows_are_given(units):
    assert len(ids(BY_NAME.page(units, size=10_000))) == 5
    assert len(ids(BY_NAME.page(units, size=0))) == 1
