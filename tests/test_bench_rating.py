"""The rating benchmark in small: it ends, and its households come out like the scalar function's."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.servers
def test_the_benchmark_of_ratings_finds_no_difference(tmp_path):
    out = tmp_path / "figures.json"
    sizes = ["--households", "3000", "--rounds", "1", "--workers", "1", "--json", str(out)]

    subprocess.run([sys.executable, "-m", "bench.rating", *sizes], cwd=ROOT, check=True, capture_output=True)

    figures = json.loads(out.read_text(encoding="utf-8"))
    assert (figures["compared"], figures["differences"], figures["rerun_rows"]) == (3000, 0, 0)
