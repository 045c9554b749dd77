"""Every route, method and post stands in matrix.csv with the status it answers, and the running site agrees.

``role`` and ``relation`` may name several, separated by spaces. ``*`` stands for all, ``posts`` for everybody who is
signed in, ``branch_posts`` and ``union_posts`` for those of a branch and of the union but the administrator.
Relations: ``own`` and ``other`` branch for routes that speak of a thing, ``-`` for the others. Routes of the back
office below its lists are Django's own and share the permission of their list.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests.access.world import (
    ANONYMOUS,
    ARGUMENTS,
    GROUPS,
    QUERIES,
    ROLES,
    has_thing,
    make_batch,
    make_export,
    make_people,
    make_things,
)

MATRIX = Path(__file__).with_name("matrix.csv")
METHODS = ("GET", "POST")
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
    return ("own", "other") if has_thing(route) else ("-",)


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


def address_of(route: str, things, staff) -> tuple[str, dict]:
    """The address of a route and its query string."""
    path, query = route, {}
    if "<" in route:
        for name, value in ARGUMENTS[route](things, staff).items():
            path = re.sub(rf"<(\w+:)?{name}>", str(value), path)
    if route in QUERIES:
        query = QUERIES[route](things, staff)
    return "/" + path, query


def answers(cells) -> Iterator[tuple[Cell, int]]:
    """Ask the site each cell, with every change undone."""
    own, other = make_things(), make_things()
    people = make_people(own.branch)
    batches = {role: make_batch(staff, own.proposal) for role, staff in people.items()}
    own_jobs = {role: make_export(staff) for role, staff in people.items()}
    other.job = make_export(other.officer)
    for role in ROLES:
        client, staff = Client(raise_request_exception=False), people.get(role)
        cookies: dict = {}
        own.job = own_jobs.get(role) or other.job
        own.batch = batches.get(role) or other.batch
        if role != ANONYMOUS:
            client.force_login(staff)
            cookies = {name: morsel.value for name, morsel in client.cookies.items()}
        for cell in sorted(cell for cell in cells if cell[2] == role):
            route, method, _role, relation = cell
            path, query = address_of(route, other if relation == "other" else own, staff)
            client.cookies.clear()
            client.cookies.load(cookies)  # signing out must not speak for the next cell
            with transaction.atomic():
                response = client.generic(
                    method, path, QUERY_STRING="&".join(f"{k}={v}" for k, v in query.items())
                )
                transaction.set_rollback(True)
            yield cell, response.status_code


@pytest.mark.django_db
@pytest.mark.slow
def test_the_site_answers_as_the_matrix_says():
    cells = matrix()

    differing = [
        f"{route} {method} {role} {relation}: {status} instead of {cells[route, method, role, relation]}"
        for (route, method, role, relation), status in answers(cells)
        if status != cells[route, method, role, relation]
    ]

    assert not differing, "\n".join(differing)
