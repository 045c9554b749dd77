"""Every route, method and post stands in matrix.csv with the status it answers, and the running site agrees.

``role`` and ``relation`` may name several, separated by spaces. ``*`` stands for all, ``posts`` for everybody who is
signed in, ``branch_posts`` and ``union_posts`` for those of a branch and of the union but the administrator.
Relations: ``own`` and ``other`` branch for routes that speak of a thing, ``case`` where it matters who made it (the
person who asks), ``-`` for the rest. The method ``others`` stands for PUT, PATCH and DELETE: refused with 405, for the
anonymous as POST is, where the file says nothing else. Routes of the back office below its lists are Django's own and
share the permission of their list.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.generators import SchemaGenerator

from coopcrm import urls
from tests.access.secrets_shown import ABSENT, FULL, MASKED, make_marked
from tests.access.world import (
    ANONYMOUS,
    ARGUMENTS,
    CASES,
    GROUPS,
    QUERIES,
    ROLES,
    has_thing,
    make_batch,
    make_export,
    make_people,
)
from tests.clients import Client

MATRIX = Path(__file__).with_name("matrix.csv")
FIELDS = Path(__file__).with_name("fields.csv")
OTHERS = "others"
METHODS = ("GET", "POST", OTHERS)
OTHER_METHODS = ("PUT", "PATCH", "DELETE")
OFFICE_LIST = re.compile(r"admin/((?!password)\w+/\w+/)?")

Cell = tuple[str, str, str, str]


def routes(patterns=None, prefix: str = "") -> Iterator[str]:
    """Every route of the site as it is written in the address files."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = prefix + str(pattern.pattern).replace("^.*$", "nothing-here")
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern) and (
            not route.startswith("admin/") or OFFICE_LIST.fullmatch(route)
        ):
            yield route


def relations_of(route: str) -> tuple[str, ...]:
    if not has_thing(route):
        return ("-",)
    return ("own", "other", "case") if route in CASES else ("own", "other")


def matrix() -> dict[Cell, int]:
    """The file's cells; a cell that is listed twice is an error."""
    cells: dict[Cell, int] = {}
    with MATRIX.open(newline="") as file:
        for line in csv.DictReader(file):
            roles = [role for word in line["role"].split() for role in GROUPS.get(word, (word,))]
            relations = relations_of(line["route"]) if line["relation"] == "*" else line["relation"].split()
            for role in roles:
                for relation in relations:
                    cell = (line["route"], line["method"], role, relation)
                    assert cell not in cells, f"listed twice: {cell}"
                    cells[cell] = int(line["status"])
    for route, method, role, relation in [cell for cell in cells if cell[1] == "POST"]:
        refused = cells[route, method, role, relation] if role == ANONYMOUS else 405
        cells.setdefault((route, OTHERS, role, relation), refused)
    return cells


def wanted() -> set[Cell]:
    return {
        (route, method, role, relation)
        for route in routes()
        for method in METHODS
        for role in ROLES
        for relation in relations_of(route)
    }


def test_every_route_method_role_and_relation_is_listed():
    missing = sorted(wanted() - set(matrix()))

    assert not missing, f"{len(missing)} cells are missing, the first: {missing[:5]}"


def test_nothing_is_listed_that_does_not_exist():
    assert not sorted(set(matrix()) - wanted())


def address_of(route: str, relation: str, own, other, staff) -> tuple[str, dict]:
    """The address of a route and its query string; things of the person's own are made for it."""
    things, path, query = other if relation == "other" else own, route, {}
    if "<" in route:
        arguments = (CASES if relation == "case" else ARGUMENTS)[route](things, staff)
        for name, value in arguments.items():
            path = re.sub(rf"<(\w+:)?{name}>", str(value), path)
    if route in QUERIES:
        query = QUERIES[route](things, staff)
    return "/" + path, query


def asked(cell: Cell, status: int) -> Iterator[str]:
    """The methods by which the site is asked a cell.

    A method that a page does not take is refused before anything is read: every route is asked by a third of the
    roles, of the other methods with one each, so that a run stays short and every route hears every method.
    """
    route, method, role, relation = cell
    is_turn = (ROLES.index(role) + len(route)) % 3 == 0
    if method == OTHERS:
        if relation in ("own", "-") and is_turn:
            yield OTHER_METHODS[ROLES.index(role) // 3 % len(OTHER_METHODS)]
    elif status != 405 or is_turn:
        yield method


Shown = set[tuple[str, str, str, str, str]]
"""Route, role, whose data, field, full or masked."""

BODIES = {
    "customers/search/": lambda marks: {"q": marks["number"].full[0]},
    "customers/new/known/": lambda marks: {"number": marks["number"].full[0]},
}
"""What is typed on pages that look people up."""

JSON_BODIES = {
    "api/v1/customers/match/": lambda marks: {
        "name": "某人",
        "number": marks["number"].full[0],
    },
    "api/v1/customers/search/": lambda marks: {"q": marks["number"].full[0]},
}
"""What a program sends to look people up."""


class Visitor:
    """Asks the site as one role after the other, with every change undone, and notes whose data it is shown."""

    def __init__(self) -> None:
        own, own_marks = make_marked("own")
        other, other_marks = make_marked("other")
        self.things = {"own": own, "other": other}
        self.marks = {"own": own_marks, "other": other_marks}
        self.people = make_people(own.branch)
        other.export = make_export(other.officer)
        self.shown: Shown = set()

    def become(self, role: str) -> None:
        own, other, staff = self.things["own"], self.things["other"], self.people.get(role)
        self.role, self.staff = role, staff
        self.client, self.cookies = Client(raise_request_exception=False), {}
        own.export = make_export(staff) if staff else other.export
        own.batch = make_batch(staff, own.proposal) if staff else other.batch
        if staff:
            self.client.force_login(staff)
            self.cookies = {name: morsel.value for name, morsel in self.client.cookies.items()}

    def ask(self, route: str, method: str, relation: str, data: dict | None = None, **headers) -> int:
        self.client.cookies.clear()
        self.client.cookies.load(self.cookies)  # signing out must not speak for the next cell
        with transaction.atomic():
            path, query = address_of(route, relation, self.things["own"], self.things["other"], self.staff)
            query_string = "&".join(f"{name}={value}" for name, value in query.items())
            if data:
                response = self.client.post(f"{path}?{query_string}", data, **headers)
            else:
                response = self.client.generic(method, path, QUERY_STRING=query_string)
            if response.status_code == 200:
                self._note(
                    route, b"".join(response).decode(errors="replace"), set(map(str, (data or {}).values()))
                )
            transaction.set_rollback(True)
        return response.status_code

    def _note(self, route: str, text: str, typed: set[str]) -> None:
        """Note what is shown, but for what was typed: a page may repeat that to whoever typed it."""
        text = text.replace(",", "")
        for whose, marks in self.marks.items():
            for field, mark in marks.items():
                shown = mark.shown_in(text)
                if shown != ABSENT and not typed & set(mark.full):
                    self.shown.add((route, self.role, whose, field, shown))


def most(shown: Shown) -> Shown:
    """Of a field that is shown in full and masked, the full one counts."""
    return {
        (route, role, whose, field, how)
        for route, role, whose, field, how in shown
        if how == FULL or (route, role, whose, field, FULL) not in shown
    }


def fields() -> Shown:
    """What fields.csv lets each role see."""
    listed: Shown = set()
    with FIELDS.open(newline="") as file:
        for line in csv.DictReader(file):
            for how in (FULL, MASKED):
                for word in line[how].split():
                    for role in GROUPS.get(word, (word,)):
                        listed.add((line["route"], role, line["whose"], line["field"], how))
    return listed


@pytest.fixture
def bare_refusals(monkeypatch):
    """Refusals without their page, which is the same for every route and has its own tests: a fifth of the time."""
    for status in (403, 404):
        answer = partial(_bare, status=status)
        monkeypatch.setattr(urls, f"handler{status}", answer, raising=False)


def _bare(request, exception, status: int) -> HttpResponse:
    return HttpResponse(status=status)


@pytest.mark.django_db
@pytest.mark.slow
@pytest.mark.parametrize("roles", [ROLES[0::2], ROLES[1::2]], ids=["even", "odd"])
def test_the_site_answers_and_shows_what_the_files_say(roles, bare_refusals):
    cells, visitor, differing = matrix(), Visitor(), []
    for role in roles:
        visitor.become(role)
        for cell in sorted(cell for cell in cells if cell[2] == role):
            for method in asked(cell, cells[cell]):
                status = visitor.ask(cell[0], method, cell[3])
                if status != cells[cell]:
                    differing.append(f"{' '.join(cell)}: {status} instead of {cells[cell]}")
        for route, typed in BODIES.items():
            for marks in visitor.marks.values():
                visitor.ask(route, "POST", "-", typed(marks), HTTP_HX_REQUEST="true")
        for route, typed in JSON_BODIES.items():
            for marks in visitor.marks.values():
                visitor.ask(route, "POST", "-", typed(marks), content_type="application/json")
    shown, listed = most(visitor.shown), {line for line in fields() if line[1] in roles}

    assert not differing, "\n".join(differing)
    assert not shown - listed, f"shown, but not in fields.csv: {sorted(shown - listed)}"
    assert not listed - shown, f"in fields.csv, but not shown: {sorted(listed - shown)}"


def test_every_operation_of_the_api_document_is_listed_with_a_status_it_declares():
    document = SchemaGenerator().get_schema(request=None, public=True)
    cells, listed, undeclared = matrix(), set(), []
    for address, methods in document["paths"].items():
        route = address.lstrip("/").replace("{id}", "<int:pk>")
        for method, operation in methods.items():
            statuses = {status for cell, status in cells.items() if cell[:2] == (route, method.upper())}
            assert statuses, f"{method} {address} is not in the matrix"
            listed.add(route)
            undeclared += [(route, code) for code in statuses if str(code) not in operation["responses"]]

    assert undeclared == []
    silent = {"api/v1/schema/", "api/v1/docs/", "api/v1/nothing-here"}
    assert {route for route in routes() if route.startswith("api/")} == listed | silent
