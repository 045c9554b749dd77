"""Reads vector files and runs every case of them; a second folder may be given from outside."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent / "data"
SECOND = os.environ.get("COOPCRM_ACCEPTANCE_VECTORS")
FOLDERS = [HERE, *([Path(SECOND)] if SECOND else [])]


def cases(file: str, list_name: str) -> list[Any]:
    """Parameters (``input``, ``expected`` …) of one list of one file, from every folder that has it."""
    return [
        pytest.param(case, id=f"{folder.name}-{case['id']}")
        for folder in FOLDERS
        for case in _list(folder / file, list_name)
    ]


def _list(path: Path, list_name: str) -> Iterator[dict[str, Any]]:
    if path.exists():
        yield from json.loads(path.read_text(encoding="utf-8")).get(list_name, ())
