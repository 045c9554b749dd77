"""Writes the demonstration county: one transaction, one line of progress per step."""

from __future__ import annotations

import gc
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.apps import apps
from django.db import connection, models, transaction

from coopcrm.shared.audit import audited_models
from coopcrm.shared.copying import constraints_put_aside, copy_text, draw_range, ledger_put_aside
from customers.models import Customer
from customers.portfolios.selectors import first_without_manager
from kpi.seeding import organisation, places, rules
from kpi.seeding.chance import Dice
from kpi.seeding.chunks import HOLDINGS, TABLES, Chunk, Span, columns_of, spans
from kpi.seeding.counter import seed_counter
from kpi.seeding.history import prepare_history, write_days, write_months
from kpi.seeding.homes import seed_homes
from kpi.seeding.ledgers import seed_ledgers
from kpi.seeding.merges import seed_merges
from kpi.seeding.persons import seed_persons
from kpi.seeding.plan import County, Plan
from kpi.seeding.privacy import seed_privacy
from kpi.seeding.review import seed_review
from kpi.seeding.scan import seed_scan
from kpi.seeding.service import seed_service
from kpi.seeding.statements import seed_statements
from kpi.seeding.tags import seed_tags
from kpi.seeding.views import seed_views
from kpi.seeding.voice import seed_voice

Say = Callable[[str], None]
BULK_TABLES = [table for table in TABLES if table != HOLDINGS]
SEVERAL_PROCESSES_FROM = 100_000


class DatabaseInUse(Exception):
    """The database already holds customers or units; a demonstration would mix with them."""


def seed_county(plan: Plan, say: Say, processes: int | None = None) -> None:
    """Fill an empty database. Nothing stays behind when it fails half-way."""
    refuse_used_database()
    with transaction.atomic():
        with _step(say, "units, areas, staff, products, rules") as done:
            county, branches = _lay_ground(plan)
            done(len(county.villages))
        if plan.customers:
            _fill(county, branches, say, processes)
    with _step(say, "statistics of the tables"):
        _analyse()


def refuse_used_database() -> None:
    """Raise unless the database is empty; the text says what to do."""
    if Customer.objects.exists():
        raise DatabaseInUse(
            "This database already holds customers. seed_demo fills an empty database only: point DATABASE_OWNER_URL"
            " (or COOPCRM_VAR for the private servers) to a new one, or drop this one if it is a demonstration."
        )
    unit = apps.get_model("branches", "Unit")
    if unit.objects.exists():
        raise DatabaseInUse(
            "This database already holds units without customers. seed_demo brings its own county: use a new database."
        )


def _lay_ground(plan: Plan) -> tuple[County, list]:
    rng = Dice(f"{plan.seed}:ground")
    closed, extra = places.seed_calendar()
    union, units, points = places.seed_units(plan, rng)
    areas = places.seed_areas(plan, units, rng)
    people = places.seed_staff(plan, union, units, rng)
    organisation.seed_organisation(plan, union, units, points, people, areas)
    rules.seed_rules()
    products = rules.seed_products()
    branches = places.branch_plans(plan, units, points, people, rng)
    county = County(
        plan=plan,
        villages=places.village_plans(plan, areas, branches, rng),
        products=products,
        income_ref=float(rules.INCOME_REFS[min(max(plan.as_of.year, 2022), 2027)]),
        closed_days=closed,
        extra_workdays=extra,
    )
    return county, branches


def _fill(county: County, branches: list, say: Say, processes: int | None) -> None:
    plan = county.plan
    if processes is None:
        processes = min(2, os.cpu_count() or 1) if plan.customers >= SEVERAL_PROCESSES_FROM else 0
    with _several(county, processes) as chunks:
        prepare_history(plan)
        with ledger_put_aside(tables_without_entries(plan)), constraints_put_aside(BULK_TABLES):
            with _step(say, "people, accounts, loans, visits") as done:
                done(_copy_chunks(chunks))
            with _step(say, "months of accounts handed over") as done:
                done(write_months(plan))
            with _step(say, "days of accounts") as done:
                done(write_days(plan))
            started = time.perf_counter()
        if (household := first_without_manager()) is not None:
            raise RuntimeError(f"household {household} is without a manager on some day")
        _count_rows()
        say(_line("indexes and foreign keys", None, time.perf_counter() - started))
    with _step(say, "general ledger and market figures") as done:
        done(rules.seed_figures(plan, branches))
    with _step(say, "old papers, names, skills, organisations") as done:
        done(seed_persons(plan))
    with _step(say, "consents and requests about data") as done:
        done(seed_privacy(plan))
    with _step(say, "tasks, complaints and requests") as done:
        done(seed_service(plan))
    with _step(say, "farms, migrants and families") as done:
        done(seed_homes(plan))
    with _step(say, "tags") as done:
        done(seed_tags(plan))
    with _step(say, "what was said of people") as done:
        done(seed_statements(plan))
    with _step(say, "possible duplicates") as done:
        done(seed_review(plan))
    with _step(say, "comparison of the registry") as done:
        done(seed_scan(plan))
    with _step(say, "joined records") as done:
        done(seed_merges(plan))
    with _step(say, "slips and unfinished forms of the counter") as done:
        done(seed_counter())
    with _step(say, "invitations, segments, campaigns") as done:
        done(seed_voice(plan))
    with _step(say, "views of the list") as done:
        done(seed_views(plan))
    with _step(say, "old registers") as done:
        done(seed_ledgers(plan))


def _count_rows() -> None:
    """Tell the planner how large the tables have become; otherwise what follows is planned for empty ones."""
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {', '.join(BULK_TABLES)}")


def tables_without_entries(plan: Plan) -> list[str]:
    """Tables of invented people that are loaded with one entry a table: none for a demonstration."""
    return (
        sorted(set(BULK_TABLES) & set(audited_models())) if plan.customers >= SEVERAL_PROCESSES_FROM else []
    )


# -- chunks, here or in several processes ------------------------------------------------------------------------------


class _Here:
    """A chunk made in this process, when its turn comes."""

    def __init__(self, county: County, span: Span):
        self.county, self.span, self.chunk = county, span, None

    def counts(self) -> dict[str, int]:
        self.chunk = Chunk(self.county, self.span)
        return self.chunk.counts

    def texts(self, first_ids: dict[str, int], ordinals: dict[str, int]) -> dict[str, bytes]:
        texts = self.chunk.texts(first_ids, ordinals)
        self.chunk = None
        return texts


class _There:
    """A chunk made by a process of its own kind: it says how many ids it needs, and is told which."""

    def __init__(self, pipe):
        self.pipe = pipe

    def counts(self) -> dict[str, int]:
        return self.pipe.recv()

    def texts(self, first_ids: dict[str, int], ordinals: dict[str, int]) -> dict[str, bytes]:
        self.pipe.send((first_ids, ordinals))
        return self.pipe.recv()


def _work(county: County, mine: list[Span], pipe) -> None:
    """A helper process: never touches the database connection it inherited."""
    gc.disable()
    for span in mine:
        chunk = Chunk(county, span)
        pipe.send(chunk.counts)
        pipe.send(chunk.texts(*pipe.recv()))
    pipe.close()


@contextmanager
def _several(county: County, processes: int) -> Iterator[list]:
    all_spans = spans(county)
    if processes < 1:
        gc.disable()  # a chunk holds no cycles, and looking for them among its million values takes a third of the time
        try:
            yield [_Here(county, span) for span in all_spans]
        finally:
            gc.enable()
        return
    context = multiprocessing.get_context("fork")
    helpers, pipes = [], []
    for index in range(processes):
        ours, theirs = context.Pipe()
        helper = context.Process(
            target=_work, args=(county, all_spans[index::processes], theirs), daemon=True
        )
        helper.start()
        theirs.close()
        helpers.append(helper)
        pipes.append(ours)
    try:
        yield [_There(pipes[span.index % processes]) for span in all_spans]
    finally:
        for pipe in pipes:
            pipe.close()
        for helper in helpers:
            helper.terminate() if helper.exitcode is None else None
            helper.join()


def _copy_chunks(chunks: list) -> int:
    models_by_table = {model._meta.db_table: model for model in apps.get_models()}
    ordinals = dict.fromkeys(TABLES, 0)
    written = 0
    for chunk in chunks:
        counts = chunk.counts()
        first_ids = {table: _first_id(models_by_table.get(table), counts[table]) for table in BULK_TABLES}
        texts = chunk.texts(first_ids, ordinals)
        for table, text in texts.items():
            copy_text(table, columns_of(table), text)
        ordinals = {table: before + counts[table] for table, before in ordinals.items()}
        written += sum(counts[table] for table in BULK_TABLES)
    return written


def _first_id(model: type[models.Model] | None, count: int) -> int:
    return draw_range(model, count) if model is not None and count else 0


def _analyse() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


@contextmanager
def _step(say: Say, title: str) -> Iterator[Callable[[int], None]]:
    started, counted = time.perf_counter(), []
    yield counted.append
    say(_line(title, counted[0] if counted else None, time.perf_counter() - started))


def _line(title: str, rows: int | None, seconds: float) -> str:
    shown = f"{rows:>12,} rows" if rows is not None else " " * 17
    return f"{title:<40}{shown}{seconds:>9.1f} s"
