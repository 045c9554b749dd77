"""Renewing the keys of a county's numbers while people look numbers up.

    python -m bench.rotation --customers 25000 [--readers 2] [--json FILE]

A county of 25,000 customers has about 100,000 sealed values. Readers, each a process of its own, find and open known
numbers without a pause, from before the new keys come until after the old ones retire; a read that finds nothing, finds
twice or does not open has failed. Workers of the site do the rotation. The goal is no failed read.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.county import seeded_county

DATABASE = "coopcrm_bench_rotation"
SAMPLE = 2_000
SETTLE_SECONDS = 3.0


def main() -> int:
    """Seed, rotate under readers, retire; the exit status is 1 when a read failed or a value stayed behind."""
    parser = argparse.ArgumentParser(prog="python -m bench.rotation", description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=25_000)
    parser.add_argument("--readers", type=int, default=2)
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    if given.read:
        return read_until_told(given.read)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["COOPCRM_KEYS"] = folder
        from coopcrm.shared.crypto import make_keys

        make_keys(Path(folder))
        with seeded_county(DATABASE, given.customers, 0.2):
            figures = measure(Path(folder), given.readers)
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return int(bool(figures["failed"] or figures["left"]))


def measure(folder: Path, readers: int) -> dict:
    """Rotate and retire under readers; returns the figures."""
    from django.core.management import call_command

    from coopcrm.shared import acting, rotation

    acting.begin_process("bench")
    stop = folder / "stop"
    before = sum(n for counts in rotation.count_by_key().values() for n in counts.values())
    command = [sys.executable, "-m", "bench.rotation", "--read", str(stop)]
    environment = {**os.environ, "COOPCRM_ROLE": "web"}
    processes = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(readers)
    ]
    for process in processes:
        process.stdout.readline()
    call_command("make_keys", "--next")
    started = time.perf_counter()
    call_command("rotate_keys")
    seconds = time.perf_counter() - started
    call_command("rotate_keys", "--retire")
    time.sleep(SETTLE_SECONDS)
    stop.touch()
    reads = [json.loads(process.communicate()[0]) for process in processes]
    after = rotation.count_by_key()
    figures = {
        "values": before,
        "seconds": round(seconds, 1),
        "reads": sum(read["reads"] for read in reads),
        "failed": sum(read["failed"] for read in reads),
        "left": sum(n for counts in after.values() for key_id, n in counts.items() if key_id != 2),
    }
    print(
        f"Rotation of {before:,} values: {seconds:.1f} s, {before / seconds:,.0f} values/s, "
        f"{figures['reads']:,} reads meanwhile, {figures['failed']} failed, {figures['left']} values left behind"
    )
    return figures


def read_until_told(stop: Path) -> int:
    """Find and open known numbers until the file appears; prints how many reads were made and how many failed."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "coopcrm.settings"
    from coopcrm import embedded

    embedded.attach()
    import django

    django.setup()
    from django.db import transaction

    from coopcrm.shared import acting
    from coopcrm.shared.crypto import CannotOpen
    from customers import numbers
    from customers.models import IdentityDocument, Phone

    acting.begin_process("bench reader")
    roads = (
        (IdentityDocument, lambda row, text: numbers.document_keys(row.kind, text).number_key),
        (Phone, lambda row, text: numbers.phone_keys(text).number_key),
    )
    with transaction.atomic():
        known = [
            (model, row, row.open("number"), key)
            for model, key in roads
            for row in model.objects.order_by("pk")[: SAMPLE // 2]
        ]
    print("ready", flush=True)
    reads = failed = 0
    while not stop.exists():
        model, row, text, key = known[reads * 37 % len(known)]
        try:
            with transaction.atomic():
                found = [
                    other for other in model.objects.filter(number_key=key(row, text)) if other.pk == row.pk
                ]
                failed += len(found) != 1 or found[0].open("number") != text
        except CannotOpen:
            failed += 1
        reads += 1
    print(json.dumps({"reads": reads, "failed": failed}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
