"""Loading clean files: an order for each stretch into a registry in use, or one deed into one that is still empty."""

from __future__ import annotations

import csv
import gc
import multiprocessing
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from django.db import connection, connections, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from branches.choices import AreaLevel
from branches.models import Area, Unit
from coopcrm.shared.cells import safe_cell
from coopcrm.shared.collecting import collector_paused
from coopcrm.shared.copying import constraints_put_aside, copy_text, draw_range, ledger_put_aside
from coopcrm.shared.errors import Refused
from coopcrm.shared.fields import draw_ids
from coopcrm.shared.models import Job, JobState, OrderState, WorkOrder
from coopcrm.shared.work import NewOrder, Work, handles, order_work
from customers.ledgers.areas import area_index
from customers.loading.checking import Checker, Places
from customers.loading.columns import places_of
from customers.loading.cutting import CutFile, Stretch, cut, rows_of
from customers.loading.known import FileMemory, Sign, judge_by_registry, signs_of
from customers.loading.making import (
    COLUMNS,
    CUSTOMERS,
    FILLED,
    MODELS,
    Refusal,
    check,
    ids_wanted,
    lines_of,
    sheaf_of,
)
from customers.loading.reasons import in_words
from customers.models import Customer

KIND, FIRST = "customers.load", "customers.first_load"
RECORDS_A_STRETCH = 5_000
STRETCHES_AHEAD = 2
TITLE = gettext_noop("Customers loaded from a file")
Progress = Callable[[int, int], None]


# --- into a registry in use: orders that workers do -------------------------------------------------------------------


def order_load(path: Path, *, as_of: date, branch: Unit | None = None) -> Job:
    """Order the load of a file that workers can read; the same file for the same day and branch is the same job."""
    file = cut(path, RECORDS_A_STRETCH)
    _refuse_unfit(file, branch)
    orders = [
        NewOrder(kind=KIND, key=str(stretch.first), payload={"stretch": _plain(stretch)})
        for stretch in file.stretches
    ]
    said = _params(file, branch)
    key = _key(file, as_of, branch)
    return order_work(kind=KIND, key=key, title=TITLE, orders=orders, as_of=as_of, params=said)


@handles(KIND)
@collector_paused()
def load_stretch(work: Work) -> dict:
    """Write one stretch: what is known is left, what is refused is remembered by its record and reason."""
    job = work.job
    file, checker = _reading(job.pk)
    _refuse_changed(file, job.params)
    stretch = Stretch(**work.payload["stretch"])
    done = check(checker, rows_of(file, stretch), stretch.first)
    FileMemory().judge(signs_of(done)).settle(done)
    judge_by_registry(done).settle(done)
    ids = {table: draw_ids(MODELS[table], count) for table, count in ids_wanted(done).items()}
    sheaf_of(lines_of(done, ids, work.as_of)).write()
    work.remember(refused=sorted(done.refused))
    return {
        "rows": stretch.records,
        "created": len(done.people),
        "known": done.known,
        "refused": len(done.refused),
    }


@lru_cache(maxsize=1)
def _reading(job_id: int) -> tuple[CutFile, Checker]:
    """The file of a job and who judges its rows; kept for the job's next stretches."""
    job = Job.objects.get(pk=job_id)
    said = job.params
    file = CutFile(Path(said["path"]), said["digest"], said["encoding"], said["delimiter"], said["header"])
    return file, _checker(file, job.as_of, said["branch"])


def _refuse_changed(file: CutFile, said: Mapping) -> None:
    if not file.path.exists() or _shape(file.path) != said["shape"]:
        text = _("The file is not there any more as it was when the load began. Load it again.")
        raise Refused(text, code="file_changed")


# --- into an empty registry: one deed of the owner --------------------------------------------------------------------


def load_first(
    path: Path,
    *,
    as_of: date,
    branch: Unit | None = None,
    processes: int = 2,
    progress: Progress = lambda d, t: None,
) -> Job:
    """Load a registry that holds nobody yet, all or nothing; indexes and foreign keys are made afterwards.

    Under the owner's role alone. The ledger of deeds gets one entry a table, with the digest of the file.
    """
    file = cut(path, RECORDS_A_STRETCH)
    _refuse_unfit(file, branch)
    if job := Job.objects.filter(kind=FIRST, key=_key(file, as_of, branch)).first():
        return job
    if Customer.objects.exists():
        raise Refused(_("The registry holds customers already: load without --first."), code="not_empty")
    checker = _checker(file, as_of, branch.pk if branch else None)
    counts = {"rows": file.records, "created": 0, "known": 0, "refused": 0}
    with _makers(file, checker, processes) as makers, transaction.atomic():
        refused = []
        with ledger_put_aside(list(COLUMNS), file=file.digest), constraints_put_aside(list(COLUMNS)):
            for made, (known, more) in _written(file, makers):
                counts["created"] += made
                counts["known"] += known
                refused += more
                progress(counts["created"] + counts["known"] + len(refused), file.records)
        counts["refused"] = len(refused)
        job = _keep(file, as_of, branch, counts, refused)
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {', '.join(COLUMNS)}")
    return job


def _keep(file: CutFile, as_of: date, branch: Unit | None, counts: dict, refused: list[Refusal]) -> Job:
    said = {"kind": FIRST, "key": _key(file, as_of, branch), "title": TITLE, "as_of": as_of}
    job = Job.objects.create(**said, state=JobState.DONE, params=_params(file, branch), result=counts)
    payload = {"refused": sorted(refused)}
    WorkOrder.objects.create(job=job, kind=FIRST, state=OrderState.DONE, payload=payload, result=counts)
    return job


@dataclass(frozen=True)
class Made:
    """A stretch as a maker hands it over: text for COPY by table, signs and ids of its people, what was refused."""

    texts: dict[str, bytes]
    signs: list[Sign]
    first_id: int
    records: list[int]
    refused: list[Refusal]


_maker: list = []  # what a maker knows: the file and who judges its rows; set before it begins


def _make(stretch: Stretch, firsts: Mapping[str, int]) -> Made:
    file, checker = _maker
    done = check(checker, rows_of(file, stretch), stretch.first)
    ids = {table: range(firsts[table], firsts[table] + count) for table, count in ids_wanted(done).items()}
    lines = lines_of(done, ids, checker.as_of)
    now = "\tnow\n"  # PostgreSQL reads it as the moment of the transaction
    texts = {
        table: "".join([line + (now if FILLED[table] else "\n") for line in rows]).encode()
        for table, rows in lines.items()
    }
    return Made(texts, signs_of(done), firsts[CUSTOMERS], done.records, done.refused)


@contextmanager
def _makers(file: CutFile, checker: Checker, processes: int) -> Iterator[Callable]:
    """Processes that make stretches and know no database; without any, this one does it."""
    _maker[:] = [file, checker]
    if processes < 1:
        yield lambda *given: _Now(_make(*given))
        return
    connections.close_all()  # what a fork inherits must not be a connection
    with multiprocessing.get_context("fork").Pool(processes, initializer=gc.disable) as pool:
        yield lambda *given: pool.apply_async(_make, given)
        pool.terminate()


@dataclass(frozen=True)
class _Now:
    made: Made

    def get(self) -> Made:
        return self.made


def _written(file: CutFile, make: Callable) -> Iterator[tuple[int, tuple[int, list[Refusal]]]]:
    """Write stretch after stretch while the next ones are being made; yields what became of each."""
    memory, waiting = FileMemory(), deque()
    left = iter(file.stretches)
    while True:
        while len(waiting) <= STRETCHES_AHEAD and (stretch := next(left, None)):
            firsts = {table: draw_range(model, stretch.records) for table, model in MODELS.items()}
            waiting.append(make(stretch, firsts))
        if not waiting:
            return
        made = waiting.popleft().get()
        verdict = memory.judge(made.signs)
        _copy(made, {made.first_id + at for at in verdict.left_out})
        refused = made.refused + [Refusal(made.records[at], code) for at, code in verdict.refused.items()]
        yield len(made.signs) - len(verdict.left_out), (len(verdict.known), refused)


def _copy(made: Made, without: set[int]) -> None:
    for table, text in made.texts.items():
        place = 0 if table == CUSTOMERS else 1
        if without:
            rows = text.splitlines(keepends=True)
            kept = b"".join(row for row in rows if int(row.split(b"\t", 2)[place]) not in without)
        copy_text(table, [*COLUMNS[table], *FILLED[table]], kept if without else text)


# --- both -------------------------------------------------------------------------------------------------------------


def refusals_of(job: Job) -> list[Refusal]:
    """What a load refused, in the order of the file."""
    rows = job.orders.filter(state=OrderState.DONE).values_list("payload", flat=True)
    return sorted(Refusal(*refusal) for payload in rows for refusal in payload.get("refused", ()))


def write_refusals(job: Job, path: Path) -> int:
    """Write the refused rows as they stood, each with its reason, to be corrected and loaded; returns how many."""
    refused = dict(refusals_of(job))
    if not refused:
        return 0
    file = cut(Path(job.params["path"]), RECORDS_A_STRETCH)
    with path.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target)
        writer.writerow([*map(safe_cell, file.header), _("row"), _("reason")])
        for stretch in file.stretches:
            for record, cells in enumerate(rows_of(file, stretch), start=stretch.first):
                if record in refused:
                    writer.writerow([*map(safe_cell, cells), record + 1, in_words(refused[record])])
    return len(refused)


def _checker(file: CutFile, as_of: date, branch: int | None) -> Checker:
    return Checker(places_of(file.header), _places(), as_of, branch)


def _places() -> Places:
    units = list(Unit.objects.values_list("pk", "code", "name"))
    villages = Area.objects.in_force().filter(level=AreaLevel.VILLAGE)
    return Places(
        branches={text: pk for pk, code, name in units for text in (name, code)},
        branch_names={pk: name for pk, _code, name in units},
        village_ids=dict(villages.values_list("code", "pk")),
        areas=area_index(),
    )


def _refuse_unfit(file: CutFile, branch: Unit | None) -> None:
    places = places_of(file.header)
    if branch is None and "branch" not in places:
        raise Refused(_("The file has no column for the branch: name one with --branch."), code="no_branch")
    if not file.records:
        raise Refused(_("The file holds no rows."), code="no_rows")


def _key(file: CutFile, as_of: date, branch: Unit | None) -> str:
    return f"{file.digest}:{as_of}:{branch.code if branch else ''}"[:120]


def _params(file: CutFile, branch: Unit | None) -> dict:
    return {
        "path": str(file.path),
        "digest": file.digest,
        "encoding": file.encoding,
        "delimiter": file.delimiter,
        "header": file.header,
        "branch": branch.pk if branch else None,
        "shape": _shape(file.path),
    }


def _shape(path: Path) -> list[int]:
    found = path.stat()
    return [found.st_size, found.st_mtime_ns]


def _plain(stretch: Stretch) -> dict[str, int]:
    return {name: getattr(stretch, name) for name in ("offset", "length", "first", "records")}
