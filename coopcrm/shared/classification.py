"""Classes of data: what every stored field is, and so where it may appear.

=======  =========================================================  ================================================
class    data                                                       at rest, on screen, in logs
=======  =========================================================  ================================================
C3       passwords, tokens, second-factor secrets                   hashed or encrypted; never shown, never logged
C2 key   numbers of documents, phones, accounts, and their digests  sealed; masked on screen; never in logs
C2       names, addresses, notes, amounts of a customer             by role and branch; logs and queues hold ids
C1       codes, dates, counts, figures of a unit                    plain
=======  =========================================================  ================================================

A model says it with ``classification = classes(C2="name address", C1="kind opened_on")``. A sealed field and its
digests are C2 keys by their type, references to other rows and generated row ids are C1. A field that nobody classed
fails a test.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from django.apps import apps
from django.db import models


class DataClass(StrEnum):
    C1 = "C1"
    C2 = "C2"
    C2_KEY = "C2 key"
    C3 = "C3"


def classes(*, C1: str = "", C2: str = "", C3: str = "") -> dict[str, DataClass]:  # noqa: N803 - their names
    """Return the class of each named field; names are separated by spaces, and stand once."""
    named = [(name, DataClass.C1) for name in C1.split()]
    named += [(name, DataClass.C2) for name in C2.split()]
    named += [(name, DataClass.C3) for name in C3.split()]
    found = dict(named)
    if len(found) != len(named):
        raise ValueError("A field is named twice in its model's classification.")
    return found


# Models of libraries, whose source is not ours.
OF_LIBRARIES: dict[str, dict[str, DataClass]] = {
    "admin.LogEntry": classes(C1="action_time action_flag object_id", C2="object_repr change_message"),
    "auth.Group": classes(C1="name"),
    "auth.Permission": classes(C1="name codename"),
    "contenttypes.ContentType": classes(C1="app_label model"),
    "account.EmailAddress": classes(C1="verified primary", C2="email"),
    "account.EmailConfirmation": classes(C1="created sent", C3="key"),
    "axes.AccessAttempt": classes(
        C1="http_accept path_info attempt_time failures_since_start get_data post_data",
        C2="user_agent ip_address username",
    ),
    "axes.AccessAttemptExpiration": classes(C1="expires_at"),
    "axes.AccessFailureLog": classes(
        C1="http_accept path_info attempt_time locked_out", C2="user_agent ip_address username"
    ),
    "axes.AccessLog": classes(
        C1="http_accept path_info attempt_time logout_time session_hash", C2="user_agent ip_address username"
    ),
    "mfa.Authenticator": classes(C1="type created_at last_used_at", C3="data"),
}


def declared(model: type[models.Model]) -> dict[str, DataClass]:
    """What a model, or the table of libraries, says about its fields."""
    return OF_LIBRARIES.get(model._meta.label) or getattr(model, "classification", {})


def class_of(field: models.Field) -> DataClass | None:
    """Return the class of a field, None when nobody has classed it."""
    if by_type := getattr(field, "classification", None):
        return by_type
    if said := declared(field.model).get(field.name):
        return said
    is_reference = field.remote_field is not None or isinstance(field, models.AutoField)
    return DataClass.C1 if is_reference or isinstance(field, models.CompositePrimaryKey) else None


def stored_fields() -> Iterator[models.Field]:
    """Every field that is a column of some table, by model."""
    for model in sorted(apps.get_models(include_auto_created=True), key=lambda model: model._meta.label):
        yield from model._meta.local_concrete_fields


def page() -> str:
    """Return docs/data-classes.md: every table with its fields by class."""
    lines = [
        "# Classes of data",
        "",
        "Written by `python manage.py data_classes`; a test compares. What the classes mean, and how a new field gets",
        "one, stands in `coopcrm/shared/classification.py`. References to other rows and generated ids are C1 and left",
        "out here.",
        "",
        "| table | C3 | C2 key | C2 | C1 |",
        "|---|---|---|---|---|",
    ]
    tables: dict[str, dict[DataClass, list[str]]] = {}
    for field in stored_fields():
        found = tables.setdefault(field.model._meta.db_table, {})
        data_class = class_of(field)
        if data_class and (data_class != DataClass.C1 or field.name in declared(field.model)):
            found.setdefault(data_class, []).append(field.name)
    columns = (DataClass.C3, DataClass.C2_KEY, DataClass.C2, DataClass.C1)
    for table, by_class in sorted((table, found) for table, found in tables.items() if found):
        cells = [" ".join(by_class.get(column, [])) for column in columns]
        lines.append(f"| {' | '.join([f'`{table}`', *cells])} |".replace("  ", " "))
    return "\n".join(lines) + "\n"
