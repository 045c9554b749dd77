"""Hostile files at the real web server: how long each takes to be refused, and what the others notice.

    python -m bench.hostile [--customers 2000] [--json FILE]

One client sends every file of ``tests/hostile_files`` to the pages that take files in; another asks for the list of
customers all the while. Printed are the seconds and the status of each file, the p95 of the other client before and
meanwhile, the most memory of any process of the server, and whether its workers are the same afterwards.
"""

from __future__ import annotations

import argparse
import http.client
import json
import statistics
import sys
import threading
import time
import uuid
from pathlib import Path

from bench.counter import serve
from bench.county import seeded_county

DATABASE = "coopcrm_bench_hostile"
QUIET_SECONDS = 10
SAMPLE_SECONDS = 0.02


class Visitor:
    """Somebody with a browser: keeps cookies and the token of forms."""

    def __init__(self, port: int, staff) -> None:
        from django.conf import settings

        from tests.clients import Client

        browser = Client(SERVER_NAME="localhost")
        browser.force_login(staff)
        name = settings.SESSION_COOKIE_NAME
        self.cookie, self.port, self.token = f"{name}={browser.cookies[name].value}", port, ""
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def ask(
        self, method: str, path: str, body: bytes | None = None, kind: str = ""
    ) -> tuple[int, str, float]:
        """Status, text and seconds of one request."""
        headers = {"Cookie": self.cookie, **({"Content-Type": kind} if kind else {})}
        self.connection.close()  # opened anew by the request: the server ends idle ones
        started = time.perf_counter()
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        return answer.status, text, time.perf_counter() - started

    def take_token(self, path: str) -> None:
        self.connection.request("GET", path, headers={"Cookie": self.cookie})
        answer = self.connection.getresponse()
        page = answer.read().decode()
        self.token = page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
        self.cookie += "; " + (answer.headers.get("Set-Cookie") or "").split(";")[0]

    def send(self, path: str, field: str, name: str, content: bytes) -> tuple[int, str, float]:
        """Send one file as a browser's form does."""
        edge = uuid.uuid4().hex
        texts = {"csrfmiddlewaretoken": self.token, "as_of": "2026-03-31"}
        head = "".join(
            f'--{edge}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{text}\r\n'
            for key, text in texts.items()
        )
        head += f'--{edge}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n'
        head += "Content-Type: application/octet-stream\r\n\r\n"
        body = head.encode() + content + f"\r\n--{edge}--\r\n".encode()
        return self.ask("POST", path, body, f"multipart/form-data; boundary={edge}")


def children_of(pid: int) -> list[int]:
    try:
        return [int(found) for found in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def highest_megabytes(pid: int) -> int:
    """The most memory a process has held so far; 0 when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM")), 0)


class Watcher(threading.Thread):
    """Asks for a page again and again, and looks at the memory of every process of the server."""

    def __init__(self, visitor: Visitor, server: int) -> None:
        super().__init__(daemon=True)
        self.visitor, self.server, self.is_over = visitor, server, threading.Event()
        self.times: list[float] = []
        self.statuses: set[int] = set()
        self.memory = {"worker": 0, "child": 0}

    def run(self) -> None:
        looker = threading.Thread(target=self._look, daemon=True)
        looker.start()
        while not self.is_over.is_set():
            status, _, seconds = self.visitor.ask("GET", "/customers/")
            self.times.append(seconds)
            self.statuses.add(status)
        looker.join()

    def _look(self) -> None:
        while not self.is_over.is_set():
            for worker in children_of(self.server):
                self.memory["worker"] = max(self.memory["worker"], highest_megabytes(worker))
                for thread in Path(f"/proc/{worker}/task").glob("*/children"):
                    for child in map(int, thread.read_text().split()):
                        self.memory["child"] = max(self.memory["child"], highest_megabytes(child))
            time.sleep(SAMPLE_SECONDS)

    def end(self) -> float:
        """Stop; the p95 in milliseconds."""
        self.is_over.set()
        self.join()
        return round(statistics.quantiles(self.times, n=20)[18] * 1000, 1)


def measure(port: int, server: int) -> dict:
    """Send every file and return the figures."""
    from django.db import connection

    from branches.models import StaffMember
    from customers.models import IdentityDocument
    from tests.hostile_files.make import CLEANSED, FILES

    posts = StaffMember.objects.filter(is_active=True, posts__valid_to=None).order_by("pk")
    director = posts.filter(posts__code="director").first()
    document = IdentityDocument.objects.filter(customer__branch__in=director.scope.branch_ids).first()
    keeper = Visitor(port, posts.filter(posts__code="administrator").first())
    camera, colleague = Visitor(port, director), Visitor(port, director)
    connection.close()
    lists, photos = "/organisation/lists/units/new/", f"/documents/{document.pk}/photo/"
    keeper.take_token(lists)
    camera.take_token("/customers/")
    workers = children_of(server)

    quiet = Watcher(colleague, server)
    quiet.start()
    time.sleep(QUIET_SECONDS)
    figures: dict = {"p95_quiet_ms": quiet.end()}
    watcher = Watcher(colleague, server)
    contents = [(file, file.make()) for file in FILES]
    watcher.start()
    found = []
    for file, content in contents:
        visitor, path, field = (keeper, lists, "file") if file.place == "sheet" else (camera, photos, "photo")
        status, _text, seconds = visitor.send(path, field, file.name, content)
        wanted = (
            302 if file.place == "photo" else 200
        )  # a photo's answer is a page with the reason, one step on
        found.append(
            {"file": file.name, "status": status, "seconds": round(seconds, 2), "odd": status != wanted}
        )
    figures["p95_meanwhile_ms"] = watcher.end()
    return figures | {
        "files": len(found),
        "refused": sum(file.code != CLEANSED for file in FILES),
        "odd": [row for row in found if row["odd"]],
        "slowest": sorted(found, key=lambda row: -row["seconds"])[:5],
        "median_s": statistics.median(row["seconds"] for row in found),
        "most_mb": watcher.memory,
        "other_statuses": sorted(watcher.statuses),
        "same_workers": workers == children_of(server),
    }


def main() -> int:
    """Print the figures; 0 when nothing odd was seen."""
    parser = argparse.ArgumentParser(prog="python -m bench.hostile", description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=2_000)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    with seeded_county(DATABASE, given.customers, 1):
        from django.core.management import call_command

        call_command("collectstatic", interactive=False, verbosity=0)
        server, port = serve(DATABASE)
        try:
            figures = measure(port, server.pid)
        finally:
            server.terminate()
            server.wait(30)
    for name, value in figures.items():
        print(f"{name:<20} {value}")
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return int(bool(figures["odd"]) or not figures["same_workers"])


if __name__ == "__main__":
    sys.exit(main())
