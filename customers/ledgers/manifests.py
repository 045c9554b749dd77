"""Manifests: which files to read, of which kind and branch; and the table of areas beside them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from coopcrm.shared.errors import Refused
from coopcrm.shared.uploads.child.limits import MAX_FILE_BYTES
from coopcrm.shared.uploads.sheets import records
from customers.ledgers.areas import load_areas
from customers.ledgers.sources import LedgerSource

MANIFEST, AREAS = "manifest.csv", "areas.csv"
COLUMNS = ("file", "kind", "branch_code", "branch_name")


def manifest_in(path: Path) -> Path:
    """Return the manifest a path means: the file itself, or the one in the folder."""
    manifest = path / MANIFEST if path.is_dir() else path
    if not manifest.is_file():
        raise Refused(f"There is no manifest at {manifest}.", code="manifest_missing")
    return manifest


def load_areas_beside(paths: Iterable[Path]) -> None:
    """Load the table of areas that lies beside a manifest, where there is one."""
    for path in paths:
        areas = manifest_in(path).parent / AREAS
        if areas.is_file():
            load_areas(areas.read_bytes())


def sources_in(paths: Iterable[Path]) -> list[LedgerSource]:
    """Return the files of the manifests with their content, in the order in which they are named."""
    sources = []
    for path in paths:
        manifest = manifest_in(path)
        rows = records(manifest.read_bytes(), COLUMNS, what=f"{manifest} lacks the columns")
        sources += [_source(manifest, {name: row[name].strip() for name in COLUMNS}) for row in rows]
    return sources


def _source(manifest: Path, row: dict[str, str]) -> LedgerSource:
    """Read one line of a manifest; the file keeps the name it has there, with its folder where one is named."""
    if missing := [name for name in COLUMNS if not row[name]]:
        raise Refused(
            f"{manifest}: a line for {row['file'] or 'no file'} lacks {', '.join(missing)}.",
            code="manifest_blank",
        )
    file = manifest.parent / row["file"]
    if not file.is_file():
        raise Refused(f"{manifest} names {row['file']}, which is not there.", code="ledger_missing")
    if file.stat().st_size > MAX_FILE_BYTES:
        raise Refused(
            f"{row['file']} is larger than {MAX_FILE_BYTES // 1024 // 1024} MB.", code="ledger_too_large"
        )
    return LedgerSource(row["file"], row["kind"], row["branch_code"], row["branch_name"], file.read_bytes())
