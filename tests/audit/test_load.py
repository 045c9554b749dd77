"""A county of benchmark size is loaded with one entry a table; the trigger is back when the load has ended."""

import pytest
from django.db import transaction

from branches.models import CalendarDay
from coopcrm.shared.copying import copy_rows, ledger_put_aside
from coopcrm.shared.models import AuditEntry, Deed

TABLE = "branches_calendarday"


def deeds() -> list[tuple[str, dict]]:
    return list(AuditEntry.objects.filter(table_name=TABLE).order_by("id").values_list("deed", "new"))


@pytest.mark.django_db(transaction=True)
def test_a_load_leaves_one_entry_and_the_trigger_in_place():
    with transaction.atomic(), ledger_put_aside([TABLE]):
        copy_rows(
            TABLE, ("day", "kind", "name"), [("2026-01-01", "holiday", "a"), ("2026-01-02", "holiday", "b")]
        )

    assert deeds() == [(Deed.LOAD, {"rows": 2})]
    CalendarDay.objects.filter(name="a").update(name="c")
    assert deeds()[1:] == [("update", {"name": "c"})]
