"""The counter under load: searching and registering through the real pages, one client and eight.

    python -m bench.counter --customers 1000000 [--seconds 20] [--keep] [--json FILE]

G1: the search box, with names, parts of names, pinyin, initials, tails of numbers and phones. G22: who is known
already, asked with number, name and phone while somebody types. G6: registering a person with number, phone and
household: checks, duplicate search, encryption, slip and the ledger of deeds in one transaction. The web server runs
under the role of the web, with row-level security; the clients run on the same machine.
"""

from __future__ import annotations

import argparse
import http.client
import json
import multiprocessing
import os
import random
import socket
import statistics
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path
from urllib.parse import urlencode

from bench.county import seeded_county

DATABASE = "coopcrm_bench_counter"
CLIENTS = (1, 8)
DEEDS = (("search", "G1 search"), ("known", "G22 who is known"), ("register", "G6 register"))
WARM_UP_SECONDS = 4
GIVEN = "柏楠枫榆槐杉棠梓桦椿"
WEIGHTS, CHECKS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2), "10X98765432"


def resident_number(rng: random.Random) -> str:
    """A valid number of an invented person."""
    born = f"{rng.randrange(1950, 2005)}{rng.randrange(1, 13):02}{rng.randrange(1, 29):02}"
    core = f"411522{born}{rng.randrange(1000):03}"
    return core + CHECKS[sum(w * int(c) for w, c in zip(WEIGHTS, core, strict=True)) % 11]


def questions(rng: random.Random, number: int) -> list[str]:
    """What people type, drawn from who is in the registry: all of a name, a part, pinyin, initials, tails."""
    from customers.models import Customer, IdentityDocument, Phone

    highest = Customer.objects.order_by("-pk").values_list("pk", flat=True).first()
    people = Customer.objects.filter(pk__in=[rng.randrange(1, highest) for _ in range(number)])
    asked = []
    for person in people:
        asked += [person.name, person.name[:2], person.pinyin, person.initials]
    for row in IdentityDocument.objects.filter(kind="ID18", customer__in=people)[: number // 2]:
        asked.append(row.open("number")[-6:])
    for row in Phone.objects.filter(customer__in=people)[: number // 2]:
        asked.append(row.open("number")[-4:])
    rng.shuffle(asked)
    return [text for text in asked if text]


def registration(rng: random.Random, token: str) -> dict:
    """A whole form: a person who opens a household."""
    return {
        "csrfmiddlewaretoken": token,
        "form_key": str(uuid.uuid4()),
        "number": resident_number(rng),
        "kind": "ID18",
        "name": "欧阳" + "".join(rng.sample(GIVEN, 2)),
        "phone": f"139{rng.randrange(10**8):08}",
        "home": "new",
        "reason": "benchmark",
    }


class Client(threading.Thread):
    """One counter: asks as fast as it is answered, and notes how long each answer took."""

    def __init__(
        self, port: int, session: str, deed: str, texts: list[str], seconds: float, seed: int
    ) -> None:
        super().__init__()
        self.port, self.session, self.deed, self.texts, self.seconds = port, session, deed, texts, seconds
        self.rng, self.times, self.odd = random.Random(seed), [], 0
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def run(self) -> None:
        _, headers, page = self._ask("GET", "/customers/new/")
        token = page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
        cookie = headers.get("Set-Cookie", "").split(";")[0]
        self.session = f"{self.session}; {cookie}" if cookie else self.session
        until = time.monotonic() + self.seconds
        while time.monotonic() < until:
            started = time.perf_counter()
            if self.deed == "search":
                body = urlencode({"q": self.rng.choice(self.texts), "csrfmiddlewaretoken": token})
                status, _, _ = self._ask("POST", "/customers/search/", body, {"HX-Request": "true"})
                good = status == 200
            elif self.deed == "known":
                form = registration(self.rng, token) | {"name": self.rng.choice(self.texts), "about": "name"}
                path, body = "/customers/new/known/", urlencode(form)
                status, _, _ = self._ask("POST", path, body, {"HX-Request": "true"})
                good = status == 200
            else:
                status, _, _ = self._ask("POST", "/customers/new/", urlencode(registration(self.rng, token)))
                good = status == 302
            self.times.append(time.perf_counter() - started)
            self.odd += not good

    def _ask(self, method: str, path: str, body: str | None = None, more: dict | None = None):
        headers = {
            "Cookie": self.session,
            "Content-Type": "application/x-www-form-urlencoded",
            **(more or {}),
        }
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        return answer.status, answer.headers, answer.read().decode("utf-8", "replace")


def clients(port: int, sessions: list[str], deed: str, texts: list[str], seconds: float, out) -> None:
    """Run some clients in this process and report their times."""
    threads = [Client(port, s, deed, texts, seconds, random.randrange(10**9)) for s in sessions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    out.put(([t for thread in threads for t in thread.times], sum(thread.odd for thread in threads)))


def load(port: int, sessions: list[str], deed: str, texts: list[str], seconds: float) -> dict:
    """Times of so many clients at once: calls a second, p50 and p95 in milliseconds."""
    queue: multiprocessing.Queue = multiprocessing.Queue()
    halves = [part for part in (sessions[::2], sessions[1::2]) if part]
    crowd = [
        multiprocessing.Process(target=clients, args=(port, part, deed, texts, seconds, queue))
        for part in halves
    ]
    for process in crowd:
        process.start()
    found = [queue.get() for _ in crowd]
    for process in crowd:
        process.join()
    times = sorted(t for part, _ in found for t in part)
    cuts = statistics.quantiles(times, n=20)
    return {
        "clients": len(sessions),
        "calls": len(times),
        "per_second": round(len(times) / seconds, 1),
        "p50_ms": round(statistics.median(times) * 1000, 1),
        "p95_ms": round(cuts[18] * 1000, 1),
        "not_as_wanted": sum(odd for _, odd in found),
    }


def open_sessions(number: int) -> list[str]:
    """Cookie lines of people at counters, as sign-in would have opened them."""
    from django.conf import settings
    from django.test import Client as Browser

    from branches.models import StaffMember
    from branches.signin import marks

    found = []
    for staff in StaffMember.objects.filter(posts__code="director", posts__valid_to=None)[:number]:
        browser = Browser(SERVER_NAME="localhost")
        browser.force_login(staff)
        session = browser.session
        session[marks.MEANS] = marks.SECOND_FACTOR  # signing in is not what is measured
        session.save()
        found.append(f"{settings.SESSION_COOKIE_NAME}={browser.cookies[settings.SESSION_COOKIE_NAME].value}")
    return (found * number)[:number]


def serve(database: str) -> tuple[subprocess.Popen, int]:
    """Start the web server under the role of the web on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "coopcrm.wsgi", "--bind", f"127.0.0.1:{port}"]
    command += ["--log-level", "error"]
    environment = {
        **os.environ,
        "COOPCRM_ROLE": "web",
        "COOPCRM_DATABASE": database,
        "COOPCRM_LOG_LEVEL": "ERROR",
    }
    server = subprocess.Popen(command, env=environment)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return server, port
        except OSError:
            time.sleep(0.2)
    raise SystemExit("the web server did not start")


def main() -> int:
    """Print the figures and write them as JSON."""
    parser = argparse.ArgumentParser(prog="python -m bench.counter", description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="leave the database")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    figures: dict = {"customers": given.customers}
    with seeded_county(DATABASE, given.customers, 1, keep=given.keep):
        from django.core.management import call_command
        from django.db import connection

        call_command("collectstatic", interactive=False, verbosity=0)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        texts = questions(random.Random(given.seed), 400)
        sessions = open_sessions(max(CLIENTS))
        connection.close()
        server, port = serve(DATABASE)
        try:
            load(port, sessions, "search", texts, WARM_UP_SECONDS)
            for deed, name in DEEDS:
                for number in CLIENTS:
                    found = load(port, sessions[:number], deed, texts, given.seconds)
                    figures[f"{name}, {number} clients"] = found
                    print(f"{name}, {number} clients: {found}", flush=True)
        finally:
            server.terminate()
            server.wait(30)
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
