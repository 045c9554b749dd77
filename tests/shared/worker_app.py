"""The Celery app of the tests: the real one, with a few orders made for being killed."""

import time

from coopcrm.celery import app

app.loader.import_default_modules()

from django.db import connection

from coopcrm.shared.errors import DomainError
from coopcrm.shared.work import NewOrder, add_orders, handles

__all__ = ["app"]


@handles("test_write")
def write_line(work) -> dict:
    """Write one row slowly: a second row with the same number would betray that an order was done twice."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO work_effect (number, stage) VALUES (%s, %s)", [work.payload["n"], work.order.stage]
        )
    time.sleep(work.payload.get("seconds", 0))
    return {"written": 1}


@handles("test_refuse")
def refuse(work) -> None:
    raise DomainError("The village has no register.")


@handles("test_broken")
def broken(work) -> None:
    raise ValueError("the secret number 110105194912310021")


@handles("test_note")
def note(work) -> dict:
    work.note_error("row 3", "The number %(kind)s is not valid.", kind="of the card")
    return {"written": 1}


@handles("test_spawn")
def spawn(work) -> None:
    add_orders(
        work.job, [NewOrder("test_write", key=f"late-{n}", stage=5, payload={"n": 900 + n}) for n in range(3)]
    )
