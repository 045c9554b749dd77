"""A field that a page does not show is refused with 400, whatever model it would belong to."""

from __future__ import annotations

import pytest
from django import forms
from django.apps import apps
from django.db import transaction

from coopcrm.shared.forms import StrictForm, UnknownField
from tests.access.test_matrix import OFFICE_LIST, address_of, matrix
from tests.access.world import ANONYMOUS, make_batch, make_export, make_people, make_things
from tests.clients import Client

BUSINESS_APPS = ("branches", "customers", "loans", "ratings", "kpi", "shared")
FIELDS = {
    field.name
    for model in apps.get_models()
    if model._meta.app_label in BUSINESS_APPS
    for field in model._meta.get_fields()
}
WORST = ("branch", "grade", "limit", "is_staff")
COUNTER = "customers/new/"
SHOWN = {
    "customers/export/": {"branch", "grade"},  # filters of the list it was ordered from
    "segments/new/": {"grade"},  # filters of the list, kept
    "segments/<int:pk>/": {"grade"},
    "ledgers/new/": {"branch"},  # whose ledgers they are, of the own ones
    "ledgers/uploads/<int:pk>/files/<int:file>/": {"branch"},
    "tags/": {"branch"},  # a director makes tags of the own branch
    **{
        f"{COUNTER}{part}": {"branch"}
        for part in ("", "number/", "known/", "villages/", "field/", "preview/", "draft/")
    },  # of those who have several
}

# Pages whose forms are Django's or a library's: they take the fields they show and leave others alone.
OF_LIBRARIES = ("admin/", "sign-in/", "sign-out/", "accounts/")


def writable() -> dict[str, tuple[str, str]]:
    """Every route that takes what is posted, with a role and a relation for which it does."""
    found: dict[str, tuple[str, str]] = {}
    for (route, method, role, relation), status in sorted(matrix().items()):
        ours = not route.startswith(OF_LIBRARIES) and not OFFICE_LIST.fullmatch(route)
        takes = method == "POST" and role != ANONYMOUS and status in (200, 302)
        if ours and takes and relation != "case":
            found.setdefault(route, (role, relation))
    return found


@pytest.mark.django_db
def test_every_writable_page_refuses_every_field_that_it_does_not_show():
    own, other = make_things(), make_things()
    people = make_people(own.branch)
    exports = {role: make_export(staff) for role, staff in people.items()}
    batches = {role: make_batch(staff, own.proposal) for role, staff in people.items()}
    taken = []
    for route, (role, relation) in writable().items():
        client, staff = Client(raise_request_exception=False), people[role]
        client.force_login(staff)
        own.export, own.batch = exports[role], batches[role]
        path, query = address_of(route, relation, own, other, staff)
        shown = "&".join(f"{name}={value}" for name, value in query.items())
        for sent in (
            dict.fromkeys(FIELDS, "1"),
            *({name: "1"} for name in WORST if name not in SHOWN.get(route, ())),
        ):
            with transaction.atomic():
                status = client.post(f"{path}?{shown}", sent).status_code
                transaction.set_rollback(True)
            if status != 400:
                taken.append((route, role, relation, status, min(sent) if len(sent) == 1 else "all"))

    assert not taken, "\n".join(map(str, taken))
    assert len(writable()) >= 20


def strict_forms() -> list[type[StrictForm]]:
    found, waiting = [], [StrictForm]
    while waiting:
        waiting += (below := waiting.pop().__subclasses__())
        found += below
    return found


def test_every_form_refuses_each_field_of_each_model_that_is_not_its_own():
    for form_class in strict_forms():
        form = object.__new__(form_class)
        forms.Form.__init__(form, data={})
        for name in FIELDS - set(form.fields) - set(form.beside):
            form.data = {name: "1"}
            with pytest.raises(UnknownField):
                form.full_clean()
    assert len(strict_forms()) >= 12
