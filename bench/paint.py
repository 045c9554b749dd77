"""When the largest part of a page stands there (LCP), on a slow phone and at a desk, in a real Chromium.

    python -m bench.paint --customers 20000 [--visits 5] [--keep | --reuse] [--json FILE]

For each page the median of some visits after the first: milliseconds until the first byte and until the largest part is
painted, how much the page shifted (CLS) and its weight. Phone: 390 × 844, the processor slowed four times, 1.6 Mbit/s,
150 ms away; desk: 1366 × 768, nothing slowed. The web server as it runs anywhere, under the role of the web; the person
is the director of a branch, signed in with a second factor.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from pathlib import Path
from typing import Any

from bench.counter import open_sessions, serve
from bench.county import seeded_county
from bench.registry import DATABASE

BARS = {"phone": 2500, "desk": 800}
MOST_SHIFT = 0.05
SIZES = {"phone": {"width": 390, "height": 844}, "desk": {"width": 1366, "height": 768}}
SLOW = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 93_750}
SETTLED_MS = 400  # quiet for so long, nothing larger comes
NOTE = """
window.noted = {lcp: 0, cls: 0};
new PerformanceObserver((list) => { for (const e of list.getEntries()) noted.lcp = e.startTime; })
  .observe({type: "largest-contentful-paint", buffered: true});
new PerformanceObserver((list) => { for (const e of list.getEntries()) if (!e.hadRecentInput) noted.cls += e.value; })
  .observe({type: "layout-shift", buffered: true});
"""
TELL = """() => { const [n] = performance.getEntriesByType("navigation");
  const all = performance.getEntriesByType("resource");
  return {...noted, first: n.responseStart, kb: n.encodedBodySize / 1000,
          weight: (n.transferSize + all.reduce((sum, one) => sum + one.transferSize, 0)) / 1000}; }"""


def pages() -> dict[str, str]:
    """The pages that are opened, by name."""
    from branches.models import StaffMember
    from customers.models import Membership

    director = StaffMember.objects.filter(posts__code="director", posts__valid_to=None).first()
    own = Membership.objects.filter(
        household__branch__in=director.scope.branch_ids, household__valid_to=None, valid_to=None
    )
    member = own.filter(customer__merged_into=None, customer__is_locked=False).order_by("pk").first()
    return {
        "my day": "/",
        "list of customers": "/customers/",
        "counter": "/customers/new/",
        "customer": f"/customers/{member.customer_id}/",
        "household": f"/households/{member.household_id}/",
        "visits": "/visits/",
    }


def visit(context: Any, address: str, *, is_slow: bool) -> dict[str, float]:
    """Open a page once in a new tab and tell what was noted."""
    page = context.new_page()
    page.add_init_script(NOTE)
    if is_slow:
        devtools = context.new_cdp_session(page)
        devtools.send("Network.enable")
        devtools.send("Network.emulateNetworkConditions", SLOW)
        devtools.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    answer = page.goto(address, wait_until="load")
    if answer.status != 200:
        raise SystemExit(f"{address} answers {answer.status}")
    page.wait_for_timeout(SETTLED_MS * (4 if is_slow else 1))
    told = page.evaluate(TELL)
    page.close()
    return told


def measured(browser: Any, site: str, cookie: str, addresses: dict[str, str], visits: int) -> dict[str, dict]:
    """Medians by page and device; printed as they are found."""
    name, value = cookie.split("=", 1)
    found = {}
    for device, size in SIZES.items():
        context = browser.new_context(base_url=site, viewport=size)
        context.add_cookies([{"name": name, "value": value, "url": site}])
        for page, address in addresses.items():
            visit(context, address, is_slow=False)
            told = [visit(context, address, is_slow=device == "phone") for _ in range(visits)]
            line = {key: round(statistics.median(one[key] for one in told), 3) for key in told[0]}
            line["reached"] = line["lcp"] <= BARS[device] and line["cls"] <= MOST_SHIFT
            found[f"{page}, {device}"] = line
            print(f"{page}, {device}: {line}", flush=True)
        context.close()
    return found


def main() -> int:
    """Print the figures and write them as JSON."""
    from playwright.sync_api import sync_playwright

    from coopcrm import chromium

    parser = argparse.ArgumentParser(prog="python -m bench.paint", description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--visits", type=int, default=5)
    parser.add_argument("--keep", action="store_true", help="leave the database")
    parser.add_argument("--reuse", action="store_true", help="take the database that bench.registry left")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    with seeded_county(DATABASE, given.customers, 1, keep=given.keep, reuse=given.reuse):
        from django.core.management import call_command
        from django.db import connection

        call_command("collectstatic", interactive=False, verbosity=0)
        addresses = pages()
        (cookie,) = open_sessions(1)
        connection.close()
        server, port = serve(DATABASE)
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chromium.ensure(), args=["--no-sandbox"])
                figures = measured(browser, f"http://127.0.0.1:{port}", cookie, addresses, given.visits)
                browser.close()
        finally:
            server.terminate()
            server.wait(30)
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
