"""Twin registrations: the same person at two branches at the same moment, through the real pages, must end as one.

    python -m bench.twins [--pairs 100] [--customers 5000] [--keep] [--json FILE]

Every pair of counters waits for each other and sends the same number at once; half of the pairs bring the spouse with a
marriage certificate too. Counted is who is in the registry afterwards: one person a number, one household a person.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import sys
import threading
import time
import uuid
from pathlib import Path
from urllib.parse import urlencode

from bench.counter import GIVEN, open_sessions, resident_number, serve
from bench.county import seeded_county

DATABASE = "coopcrm_bench_twins"
SURNAMES = "赵钱孙李周吴郑王"


class Counter:
    """One counter with an open session and a form."""

    def __init__(self, port: int, session: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.session, self.token = session, ""
        _, headers, page = self.ask("GET", "/customers/new/")
        self.token = page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
        if cookie := headers.get("Set-Cookie", "").split(";")[0]:
            self.session = f"{session}; {cookie}"

    def ask(self, method: str, path: str, form: dict | None = None):
        headers = {"Cookie": self.session, "Content-Type": "application/x-www-form-urlencoded"}
        body = urlencode({**form, "csrfmiddlewaretoken": self.token}) if form else None
        self.connection.close()  # the server closes what rests, and a form is never sent twice
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        return answer.status, answer.headers, answer.read().decode("utf-8", "replace")


def twin_forms(rng: random.Random, pair: int) -> dict:
    """What both counters type; every second pair of a couple."""
    name = rng.choice(SURNAMES) + "".join(rng.sample(GIVEN, 2))
    form = {"number": resident_number(rng), "kind": "ID18", "name": name, "home": "new"}
    if pair % 2:
        spouse = rng.choice(SURNAMES) + "".join(rng.sample(GIVEN, 2))
        certificate = f"J411522-2003-{rng.randrange(10**6):06}"
        form |= {"certificate": certificate, "spouse_number": resident_number(rng), "spouse_name": spouse}
    return form


def send_at_once(counters: list[Counter], form: dict) -> list[tuple[int, float]]:
    """Let both counters send the form at the same moment; returns status and seconds of each."""
    gate, answers = threading.Barrier(len(counters)), []

    def send(counter: Counter) -> None:
        gate.wait()
        started = time.perf_counter()
        status, _, _ = counter.ask("POST", "/customers/new/", {**form, "form_key": str(uuid.uuid4())})
        answers.append((status, time.perf_counter() - started))

    threads = [threading.Thread(target=send, args=[counter]) for counter in counters]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def people_of(form: dict) -> tuple[int, int]:
    """How many people hold the number of the form, and how many households the one belongs to."""
    from customers import numbers
    from customers.models import Customer, Membership

    key = numbers.document_keys("ID18", form["number"]).number_key
    people = Customer.objects.filter(documents__number_key=key)
    return people.count(), Membership.objects.filter(customer__in=people, valid_to=None).count()


def main() -> int:
    """Print how many of the pairs ended in one person; fails when one did not."""
    parser = argparse.ArgumentParser(prog="python -m bench.twins", description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=100)
    parser.add_argument("--customers", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="leave the database")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    rng = random.Random(given.seed)
    with seeded_county(DATABASE, given.customers, 1, keep=given.keep):
        from django.core.management import call_command
        from django.db import connection

        call_command("collectstatic", interactive=False, verbosity=0)
        sessions = open_sessions(2)
        connection.close()
        server, port = serve(DATABASE)
        try:
            counters = [Counter(port, session) for session in sessions]
            forms = [twin_forms(rng, pair) for pair in range(given.pairs)]
            answers = [send_at_once(counters, form) for form in forms]
        finally:
            server.terminate()
            server.wait(30)
        ends = [people_of(form) for form in forms]
    times = sorted(seconds for pair in answers for _, seconds in pair)
    figures = {
        "pairs": given.pairs,
        "ended_in_one_person": sum(people == 1 for people, _ in ends),
        "in_one_household": sum(households == 1 for _, households in ends),
        "both_answered": sum(all(status in (200, 302) for status, _ in pair) for pair in answers),
        "p50_ms": round(times[len(times) // 2] * 1000, 1),
        "p95_ms": round(times[int(len(times) * 0.95)] * 1000, 1),
    }
    print(figures)
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0 if figures["ended_in_one_person"] == figures["in_one_household"] == given.pairs else 1


if __name__ == "__main__":
    sys.exit(main())
