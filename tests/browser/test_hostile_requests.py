"""Requests that no browser sends: each is answered with a refusal or an ordinary page, and the server goes on."""

import json
import socket
from urllib.parse import urlsplit

import pytest

from tests.browser.conftest import open_session

LONG = "a" * 7000
NUL, LONE, WIDE = "%00", "%ED%A0%80", "%EF%BC%9D1%2B1"
HUGE = "9" * 400
DEEP = "[" * 5000 + "]" * 5000
SECONDS = 5

# What is asked by somebody who is signed in.
TARGETS = [
    f"/customers/?after={NUL}",
    f"/customers/?village={LONE}",
    f"/customers/?after={HUGE}",
    "/customers/?after=-1",
    "/customers/?sort=password",
    "/customers/99999999999999999999/",
    "/customers/-1/",
    "/customers/1e3/",
    "/customers/%31%00/",
    "/customers/1/../../admin/",
    "/customers/..%2f..%2fetc%2fpasswd",
    "/households/0/?on=2020-13-01",
    f"/households/1/?on={NUL}",
    "/households/1/?on=9999999-01-01",
    "/visits/new/?household=1%27%20OR%201=1--",
    f"/visits/new/?household={HUGE}",
    "/visits/new/?household=%C2%B2",
    "/loans/?after=%25s%25s%25n",
    f"/loans/?branch={WIDE}",
    "/loans/?class=__class__",
    "/ratings/?grade=%F0%9F%92%A9",
    "/ratings/999999999999999999999999/",
    "/figures/1/NPL_RATIO/2026-02-30/",
    "/figures/1/NPL_RATIO/0000-00-00/",
    "/figures/1/%00/2026-01-31/",
    "/figures/999999999999/",
    "/tiers/?period=%ff%fe",
    f"/review/?after={HUGE}",
    "/review/?state[]=open",
    "/jobs/?kind=%00",
    "/ledgers/9223372036854775808/",
    "/api/v1/customers/?limit=99999999999",
    "/api/v1/customers/?limit=-1",
    "/api/v1/customers/?limit=1&limit=2",
    f"/api/v1/customers/?cursor={LONG[:600]}",
    f"/api/v1/customers/?cursor={NUL}",
    "/api/v1/customers/?name__regex=(a%2B)%2B%24",
    "/api/v1/kpis/?as_of=9999-99-99",
    "/api/v1/kpis/?unit=NaN",
    "/api/v1/loans/?customer=1e309",
    "/api/v1/accounts/?format=xml",
    "/api/v1/customers/9223372036854775808/",
    "/api/v1/nothing-here/",
    "/api/v1/schema/?version=../../x",
    "/static/../coopcrm/settings.py",
    "/static/%2e%2e/%2e%2e/etc/passwd",
    "//evil.example/%2f..",
    "/sign-in/?next=https://evil.example/",
    "/?next=javascript:alert(1)",
    f"/{LONG}",
    "/\u00e4".encode().decode("latin-1"),
]

# What is said in other words than HTTP's usual ones: method, target, header lines, body.
RAW = [
    ("TRACE", "/", [], b""),
    ("PROPFIND", "/customers/", [], b""),
    ("GET", "/customers/", ["X-Request-ID: \x00\x01"], b""),
    ("GET", "/customers/", ["X-Request-ID: " + LONG], b""),
    ("GET", "/customers/", ["Accept-Language: " + "zh;q=0.1," * 900], b""),
    ("GET", "/customers/", ["Host: evil.example"], b""),
    ("GET", "/customers/", ["Cookie: sessionid=" + "A" * 4000], b""),
    ("GET", "/customers/", ["HX-Request: true", "HX-Target: <script>"], b""),
    ("POST", "/language/", ["Content-Type: application/json"], DEEP.encode()),
    (
        "POST",
        "/customers/search/",
        ["Content-Type: application/x-www-form-urlencoded"],
        b"q=%00%ff&cursor=%ed%a0%80",
    ),
    ("POST", "/customers/search/", ["Content-Type: multipart/form-data"], b"--x\r\n\r\n"),
    ("POST", "/customers/search/", ["Content-Type: multipart/form-data; boundary=" + "b" * 300], b"--b"),
    ("POST", "/customers/search/", ["Content-Type: text/plain; charset=utf-7"], b"+ADw-script+AD4-"),
    ("POST", "/customers/search/", ["Content-Length: -5"], b""),
    ("POST", "/customers/search/", ["Transfer-Encoding: chunked", "Content-Length: 4"], b"zz\r\nq\r\n"),
    ("POST", "/customers/search/", ["Transfer-Encoding: chunked"], b"FFFFFFFFFFFFFFFF\r\n"),
    ("POST", "/api/v1/customers/", ["Content-Type: application/json"], b'{"name": "\\ud800", "name": 1}'),
    ("DELETE", "/api/v1/customers/1/", [], b""),
    ("PUT", "/customers/1/", ["Content-Type: application/json"], json.dumps({"branch": 1}).encode()),
]


def ask(site: str, method: str, target: str, lines: list[str], body: bytes = b"") -> bytes:
    """Send bytes as they are, and return what comes back before the server closes or falls silent."""
    where = urlsplit(site)
    named = {line.partition(":")[0].lower() for line in lines}
    head = [f"{method} {target} HTTP/1.1"]
    head += [] if "host" in named else [f"Host: {where.netloc}"]
    head += [*lines, "Connection: close"]
    if body and not {"content-length", "transfer-encoding"} & named:
        head.append(f"Content-Length: {len(body)}")
    with socket.create_connection((where.hostname, where.port), timeout=SECONDS) as connection:
        connection.sendall("\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while part := connection.recv(65536):
            answer += part
    return answer


def status_of(answer: bytes) -> int:
    """The status, or 0 when the server hung up without a word."""
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/") else 0


@pytest.fixture(scope="module")
def signed_in(site) -> str:
    """The cookie line of a director."""
    return f"Cookie: session={open_session('director')}"


def test_no_request_brings_the_server_down(site, signed_in):
    asked = [("GET", target, [signed_in], b"") for target in TARGETS]
    asked += [(method, target, [signed_in, *lines], body) for method, target, lines, body in RAW]
    assert len(asked) >= 60
    assert status_of(ask(site, "GET", "/customers/", [signed_in])) == 200  # the cookie opens pages
    told = [(status_of(ask(site, *request)), request[0], request[1][:80]) for request in asked]

    assert [line for line in told if line[0] >= 500] == []
    assert [line for line in told if line[0] == 200 and "passwd" in line[2]] == []
    assert status_of(ask(site, "GET", "/healthz", [])) == 200


def test_what_is_said_to_strangers_is_the_same_for_what_is_and_what_is_not(site):
    answers = {
        status_of(ask(site, "GET", target, [])) for target in ("/customers/1/", "/customers/987654321/")
    }

    assert answers == {302}


def test_nobody_is_sent_to_another_site(site, signed_in):
    for target in (
        "/sign-in/?next=https://evil.example/",
        "//evil.example/%2f..",
        "/sign-in/?next=//evil.example",
    ):
        head = ask(site, "GET", target, [signed_in]).split(b"\r\n\r\n")[0].lower()
        assert b"location: https://evil" not in head
        assert b"location: //evil" not in head
