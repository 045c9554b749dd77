"""The registry under load through real pages and the API: search, list, deep page, counter; one client and eight.

    python -m bench.registry --customers 1000000 [--seconds 15] [--keep] [--night] [--json FILE]

G1 the search box, as a page and through the API; G3 the list of the API, first page against a page far in; G4 the list
of customers as a page, with its size; G5 registering through the API, G6 at the counter; G22 who is known already,
asked while somebody types; G19 (``--night``) the counter again while a closing runs. The web server as it runs
anywhere, under the role of the web, with row-level security, the ledger of deeds and sealed numbers; people signed in
with a second factor; clients on the same machine.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import multiprocessing
import os
import random
import signal
import statistics
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

from bench.counter import CLIENTS, WARM_UP_SECONDS, open_sessions, questions, registration, serve
from bench.county import seeded_county

DATABASE = "coopcrm_bench_registry"
DEEP_PAGES = 100
API = "/api/v1/customers/"
API_LIST = f"{API}?limit=50"
REGISTER = "G6 register"
SECONDS_BEFORE_THE_NIGHT_IS_BUSY = 15
TYPED = ("search", "known", "register", "api search", "api create", "api register")
CALLS_A_MINUTE = "1000000"  # the limit on calls is not what is measured


class Client(threading.Thread):
    """Somebody at a desk who asks as fast as the answers come; notes how long each took and how large it was."""

    def __init__(self, port: int, session: str, work: dict, seed: int) -> None:
        super().__init__()
        self.session, self.work, self.rng = session, work, random.Random(seed)
        self.times: list[float] = []
        self.bytes: list[int] = []
        self.odd = 0
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def run(self) -> None:
        token = self._token() if self.work["deed"] in TYPED else ""
        until = time.monotonic() + self.work["seconds"]
        while time.monotonic() < until:
            started = time.perf_counter()
            status, size = self._once(token)
            self.times.append(time.perf_counter() - started)
            self.bytes.append(size)
            self.odd += status != self.work["status"]

    def _token(self) -> str:
        self._ask("GET", "/customers/new/")
        page = self.page.decode()
        cookie = self.headers.get("Set-Cookie", "").split(";")[0]
        self.session = f"{self.session}; {cookie}" if cookie else self.session
        return page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]

    def _once(self, token: str) -> tuple[int, int]:
        deed = self.work["deed"]
        if deed == "search":
            body = urlencode({"q": self.rng.choice(self.work["texts"]), "csrfmiddlewaretoken": token})
            return self._ask("POST", "/customers/search/", body, {"HX-Request": "true"})
        if deed == "known":
            form = registration(self.rng, token) | {
                "name": self.rng.choice(self.work["texts"]),
                "about": "name",
            }
            return self._ask("POST", "/customers/new/known/", urlencode(form), {"HX-Request": "true"})
        if deed == "register":
            return self._ask("POST", "/customers/new/", urlencode(registration(self.rng, token)))
        if deed == "api search":
            return self._call(f"{API}search/", {"q": self.rng.choice(self.work["texts"])}, token)
        if deed in ("api create", "api register"):
            return self._call(API, self._person(token, opens_household=deed == "api register"), token)
        return self._ask("GET", self.rng.choice(self.work["paths"]))

    def _person(self, token: str, *, opens_household: bool) -> dict:
        form = registration(self.rng, token)
        told = {name: form[name] for name in ("number", "kind", "name", "phone", "reason")}
        return {**told, "opens_household": opens_household}

    def _call(self, path: str, body: dict, token: str) -> tuple[int, int]:
        """One call of the API that sends a body."""
        headers = {
            "Content-Type": "application/json",
            "X-CSRFToken": token,
            "Idempotency-Key": str(uuid.UUID(int=self.rng.getrandbits(128))),
        }
        return self._ask("POST", path, json.dumps(body), headers)

    def _ask(
        self, method: str, path: str, body: str | None = None, more: dict | None = None
    ) -> tuple[int, int]:
        headers = {
            "Cookie": self.session,
            "Content-Type": "application/x-www-form-urlencoded",
            **(more or {}),
        }
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        self.headers, self.page = answer.headers, answer.read()
        return answer.status, len(self.page)


def crowd(port: int, sessions: list[str], work: dict, out: multiprocessing.Queue) -> None:
    """Run some clients in this process and report what they noted."""
    people = [Client(port, session, work, random.randrange(10**9)) for session in sessions]
    for one in people:
        one.start()
    for one in people:
        one.join()
    out.put(
        (
            [t for one in people for t in one.times],
            [b for one in people for b in one.bytes],
            sum(o.odd for o in people),
        )
    )


def load(port: int, sessions: list[str], work: dict) -> dict:
    """Answers a second, median and p95 in milliseconds, and the largest answer, of so many clients at once."""
    queue: multiprocessing.Queue = multiprocessing.Queue()
    halves = [part for part in (sessions[::2], sessions[1::2]) if part]
    processes = [multiprocessing.Process(target=crowd, args=(port, part, work, queue)) for part in halves]
    for process in processes:
        process.start()
    found = [queue.get() for _ in processes]
    for process in processes:
        process.join()
    times = sorted(t for part, _, _ in found for t in part)
    return {
        "clients": len(sessions),
        "calls": len(times),
        "per_second": round(len(times) / work["seconds"], 1),
        "p50_ms": round(statistics.median(times) * 1000, 1),
        "p95_ms": round(statistics.quantiles(times, n=20)[18] * 1000, 1),
        "largest_kb": round(max(size for _, part, _ in found for size in part) / 1000, 1),
        "not_as_wanted": sum(odd for _, _, odd in found),
    }


def measured(name: str, port: int, sessions: list[str], work: dict) -> dict[str, dict]:
    """One client, then eight; printed as they are found."""
    found = {}
    for number in CLIENTS:
        found[f"{name}, {number} clients"] = load(port, sessions[:number], work)
        print(f"{name}, {number} clients: {found[f'{name}, {number} clients']}", flush=True)
    return found


def deep_address(port: int, session: str) -> str:
    """The address of a page of the API's list a hundred steps in."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    address = API_LIST
    for _ in range(DEEP_PAGES):
        connection.request("GET", address, headers={"Cookie": session})
        following = json.loads(connection.getresponse().read()).get("next")
        if not following:
            break
        address = f"{API_LIST}&cursor={quote(following)}"
    return address


def works(port: int, sessions: list[str], texts: list[str], seconds: float) -> dict[str, dict]:
    """What is measured, by its name."""
    from customers.models import Customer

    last = Customer.objects.current().order_by("-pinyin", "-pk").values_list("pk", flat=True)[200]
    read = {"deed": "read", "status": 200, "seconds": seconds}
    return {
        "G1 search": {"deed": "search", "status": 200, "seconds": seconds, "texts": texts},
        "G3 API first page": {**read, "paths": [API_LIST]},
        "G3 API deep page": {**read, "paths": [deep_address(port, sessions[0])]},
        "G4 list": {**read, "paths": ["/customers/"]},
        "G4 list, narrowed and by day": {**read, "paths": ["/customers/?sex=F&order=newest"]},
        "G4 list, far in": {**read, "paths": [f"/customers/?after={last}"]},
        "G1 API search": {"deed": "api search", "status": 200, "seconds": seconds, "texts": texts},
        "G5 API create": {"deed": "api create", "status": 201, "seconds": seconds},
        "G5 API create with a household": {"deed": "api register", "status": 201, "seconds": seconds},
        "G22 who is known": {"deed": "known", "status": 200, "seconds": seconds, "texts": texts},
        REGISTER: {"deed": "register", "status": 302, "seconds": seconds},
    }


@contextlib.contextmanager
def closing() -> Iterator[None]:
    """Close a day with two workers meanwhile; it is ended with the block, however far it came."""
    from kpi.seeding import DEMO_AS_OF

    environment = {**os.environ, "COOPCRM_ROLE": "worker", "COOPCRM_WORKERS": "2"}
    command = [sys.executable, "manage.py", "close_day", "--date", str(DEMO_AS_OF)]
    night = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        time.sleep(SECONDS_BEFORE_THE_NIGHT_IS_BUSY)
        yield
        if night.poll() is not None:
            print("The closing had ended before the measurement did.")
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(night.pid, signal.SIGTERM)
        night.wait(60)


def main() -> int:
    """Print the figures and write them as JSON."""
    parser = argparse.ArgumentParser(prog="python -m bench.registry", description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="leave the database")
    parser.add_argument("--reuse", action="store_true", help="take the database that an earlier run left")
    parser.add_argument("--night", action="store_true", help="register once more beside a closing")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    figures: dict = {"customers": given.customers}
    with seeded_county(DATABASE, given.customers, 1, keep=given.keep, reuse=given.reuse):
        from django.core.management import call_command
        from django.db import connection

        call_command("collectstatic", interactive=False, verbosity=0)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        texts = questions(random.Random(given.seed), 400)
        sessions = open_sessions(max(CLIENTS))
        os.environ["COOPCRM_API_CALLS_A_MINUTE"] = CALLS_A_MINUTE
        server, port = serve(DATABASE)
        try:
            wanted = works(port, sessions, texts, given.seconds)
            connection.close()
            load(port, sessions, {**wanted["G1 search"], "seconds": WARM_UP_SECONDS})
            for name, work in wanted.items():
                figures |= measured(name, port, sessions, work)
            if given.night:
                with closing():
                    figures |= measured("G19 register beside a closing", port, sessions, wanted[REGISTER])
        finally:
            server.terminate()
            server.wait(30)
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
