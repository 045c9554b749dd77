"""Whoever steals dump, queue, logs and files finds no number in them, however it is written down.

About 1,000 known people come in by every road there is; then everything that lies on disks and in the queue is
searched for each of their numbers and second-factor secrets: plain, as hexadecimal or Base64, and as their bare
SHA-256 and MD5. Queue and logs do not even hold a name.
"""

import base64
import csv
import hashlib
import json
import logging
import subprocess
from datetime import date

import pytest
import redis
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.urls import reverse

from branches import exports, proposals
from branches.choices import PostCode
from branches.models import Proposal
from branches.signin import second_factor
from coopcrm.shared import backup, rotation, work
from coopcrm.shared.logs import JsonFormatter
from customers.exports import CUSTOMERS
from customers.identity import check_resident_id
from customers.models import Customer, LedgerRow
from kpi.seeding import DEMO_AS_OF
from kpi.seeding.county import seed_county
from kpi.seeding.plan import Plan
from tests.factories import branch_of, make_staff

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.servers]
SEEDED, REGISTERED, LISTED, AT_COUNTER = 300, 700, 300, 12
LEAST_DIGITS = 6


def resident(serial: int) -> str:
    first = f"411522{1950 + serial % 50}{1 + serial % 12:02d}{1 + serial % 28:02d}{1 + serial % 998:03d}"
    return next(n for c in "0123456789X" if check_resident_id(n := first + c).valid)


def phone(serial: int) -> str:
    return f"138{serial * 7919 % 10**8:08d}"


def account(serial: int) -> str:
    return f"6217{serial * 104729 % 10**12:012d}"


def ledgers(folder) -> list[str]:
    """A branch's register and account list of people whose numbers nobody else has; returns the numbers."""
    people = [(f"王{chr(0x4E00 + i)}", resident(i), phone(i), account(i)) for i in range(REGISTERED)]
    register = [["日期", "客户姓名", "身份证号码", "联系电话"]]
    register += [["2015-03-16", name, number, mobile] for name, number, mobile, _ in people]
    accounts = [["户名", "账号", "种类", "余额", "证件", "开户日", "状态"]]
    accounts += [
        [name, held, "活期储蓄", "1,340.03", number, "2004-01-02", "正常"]
        for name, number, _, held in people[:LISTED]
    ]
    manifest = [
        ["file", "kind", "branch_code", "branch_name"],
        ["register.csv", "counter_register", "99000199", "东岗信用社"],
        ["accounts.csv", "account_list", "99000199", "东岗信用社"],
    ]
    for name, rows in (("register", register), ("accounts", accounts), ("manifest", manifest)):
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows)
    numbers = [text for _, number, mobile, _ in people for text in (number, mobile)]
    return numbers + [held for *_, held in people[:LISTED]]


def at_the_counter(client) -> list[str]:
    """Registrations, searches by number, and a list taken out; returns the numbers typed."""
    cashier = make_staff()
    client.force_login(cashier)
    typed = []
    for serial in range(20_000, 20_000 + AT_COUNTER):
        number, mobile = resident(serial), phone(serial)
        form = {"number": number, "name": f"赵{chr(0x5000 + serial % 99)}", "phone": mobile, "home": "new"}
        client.post(reverse("customers:new"), form)
        client.post(reverse("customers:search"), {"q": number})
        typed += [number, mobile]
    assert Customer.objects.filter(branch=branch_of(cashier)).count() == AT_COUNTER
    client.post(
        reverse("customers:new"), {"number": typed[0][:-1] + "#", "name": "", "phone": typed[1] + "9"}
    )
    take_out_list(branch_of(cashier))
    return typed


def take_out_list(branch) -> None:
    """A list with full numbers, as two people agree on it; its file lies among the uploads."""
    director, deputy = (
        make_staff(post, unit=branch) for post in (PostCode.DIRECTOR, PostCode.DEPUTY_DIRECTOR)
    )
    list_ = {
        "format": "csv",
        "purpose": "Round of visits",
        "given": {},
        "with_numbers": True,
        "use": exports.RECORDS,
    }
    exports.order_export(CUSTOMERS, staff=director, **list_)
    proposals.confirm(Proposal.objects.latest("pk"), by=deputy)


def second_factors() -> list[str]:
    """Secrets and recovery codes of people with an authenticator app."""
    found = []
    for _ in range(5):
        staff, secret = make_staff(PostCode.DIRECTOR), second_factor.new_secret()
        second_factor.store_app(staff, secret)
        found += [secret, *second_factor.new_recovery_codes(staff)]
    return found


def written_down(numbers: list[str]) -> set[str]:
    """Every form in which a careless program would write a number."""
    forms = set()
    for number in numbers:
        raw = number.encode()
        digests = [hashlib.sha256(raw).digest(), hashlib.md5(raw).digest()]
        forms |= {number, number.lower(), base64.b64encode(raw).decode().rstrip("=")}
        forms |= {
            raw.hex(),
            *(digest.hex() for digest in digests),
            *(digest.hex().upper() for digest in digests),
        }
        forms |= {base64.b64encode(digest).decode().rstrip("=") for digest in digests}
    return forms


def everything_in_redis() -> bytes:
    """Every key and value of the queue and the caches."""
    opened = redis.Redis.from_url(settings.REDIS_URL)
    readers = {
        b"string": opened.get,
        b"list": lambda key: b" ".join(opened.lrange(key, 0, -1)),
        b"set": lambda key: b" ".join(opened.smembers(key)),
        b"zset": lambda key: b" ".join(opened.zrange(key, 0, -1)),
        b"hash": lambda key: b" ".join(b"%s=%s" % pair for pair in opened.hgetall(key).items()),
    }
    found = []
    for key in opened.scan_iter(f"*{settings.REDIS_PREFIX}*"):
        found += [key, readers[opened.type(key)](key) or b""]
    opened.close()
    return b"\n".join(found)


@pytest.fixture
def loot(tmp_path, settings):
    """A folder for what a thief takes: the log is written into it from the start, at its most talkative."""
    settings.MEDIA_ROOT = tmp_path / "loot" / "media"
    settings.MEDIA_ROOT.mkdir(parents=True)
    (tmp_path / "loot" / "talk").mkdir()
    handler = logging.FileHandler(tmp_path / "loot" / "talk" / "site.log", encoding="utf-8")
    handler.setFormatter(JsonFormatter())
    watched = [
        logging.getLogger(name) for name in ("", "coopcrm", "django.request", "django.db.backends.schema")
    ]
    levels = [logger.level for logger in watched]
    for logger in watched:
        logger.setLevel(logging.DEBUG)
    logging.getLogger().addHandler(handler)
    yield tmp_path / "loot"
    logging.getLogger().removeHandler(handler)
    for logger, level in zip(watched, levels, strict=True):
        logger.setLevel(level)


def found_in(folder, words: set[str], needles) -> list[str]:
    """Which of the words stand in any file of a folder."""
    needles.write_text("\n".join(sorted(words)) + "\n", encoding="utf-8")
    done = subprocess.run(
        ["grep", "--recursive", "--text", "--only-matching", "--no-filename", "-F", "-f", needles, folder],
        capture_output=True,
        env={"LC_ALL": "C", "PATH": "/usr/local/bin:/usr/bin:/bin"},
    )
    assert done.returncode in (0, 1), done.stderr.decode()
    return sorted(set(done.stdout.decode().split()))


def sealed_numbers() -> list[str]:
    """Every number that stands sealed, opened with the keys; raw ledger rows hold those of the ledgers.

    Sealed words (an occupation that somebody asks to correct) stand in the registry in plain, as names do.
    """
    entries = [entry for entry in rotation.columns() if entry.model is not LedgerRow]
    texts = [row.open(entry.column) for entry in entries for row in entry.rows]
    return [text for text in texts if sum(map(str.isdigit, text)) >= LEAST_DIGITS]


def test_a_thief_of_everything_but_the_keys_finds_no_number(client, loot, tmp_path):
    with transaction.atomic():
        seed_county(Plan(SEEDED, 7, DEMO_AS_OF), lambda line: None)
    (tmp_path / "ledgers").mkdir()
    typed = ledgers(tmp_path / "ledgers")
    call_command("import_ledgers", str(tmp_path / "ledgers"), "--date", date(2026, 10, 31).isoformat())
    typed += at_the_counter(client)
    secrets = second_factors()
    while work.do_next_order():
        pass
    known = set(sealed_numbers())
    assert set(typed) <= known
    assert len(known) > 2_500

    dump = [
        backup.program("pg_dump", connection.pg_version // 10_000),
        "--inserts",
        f"--file={loot / 'dump.sql'}",
    ]
    backup._run(dump, backup.address())
    talk = loot / "talk"
    (talk / "redis").write_bytes(everything_in_redis())
    for log in (settings.VAR_DIR / "log").glob("*.log"):
        (talk / log.name).write_bytes(log.read_bytes())

    assert found_in(loot, written_down([*sorted(known), *secrets]), tmp_path / "needles") == []
    names = set(Customer.objects.values_list("name", flat=True))
    assert found_in(talk, names | {json.dumps(name)[1:-1] for name in names}, tmp_path / "needles") == []
    assert found_in(loot, {"王一", "赵"}, tmp_path / "needles") == ["王一", "赵"]  # names do stand in a dump
    assert [path for path in settings.MEDIA_ROOT.rglob("*") if path.is_file()]
    (loot / "careless.log").write_text(f"looked for {base64.b64encode(typed[0].encode()).decode()}")
    assert len(found_in(loot, written_down(typed), tmp_path / "needles")) == 1
