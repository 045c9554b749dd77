"""Keys are renewed while people read and write; nothing is lost from sight, nothing is held twice."""

import threading
from datetime import date

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from coopcrm.shared import crypto, rotation, work
from coopcrm.shared.fields import draw_ids
from coopcrm.shared.models import Job, JobState
from customers import numbers
from customers.models import IdentityDocument, Marriage, Phone
from loans.models import Account
from tests.book import make_account
from tests.factories import make_customer, resident_number

pytestmark = pytest.mark.django_db(transaction=True)
PHONES = 3_000


@pytest.fixture
def folder(tmp_path, settings, monkeypatch):
    settings.COOPCRM_KEYS = tmp_path
    monkeypatch.setattr(rotation, "ROWS_PER_RANGE", 250)
    crypto.make_keys(tmp_path)
    return tmp_path


def take_next(folder) -> None:
    crypto.make_next_keys(folder)
    crypto.take_next_into_use(folder)


def rotate(purpose: str = "test") -> Job:
    job = rotation.order_rotation(purpose=purpose)
    while work.do_next_order():
        pass
    job.refresh_from_db()
    return job


def make_phones(count: int) -> dict[str, int]:
    customer = make_customer()
    texts = [f"139{n:08d}" for n in range(count)]
    keys = numbers.tail_keys(numbers.PHONE, numbers.PHONE_TAIL, texts)
    rows = []
    for pk, text, key in zip(draw_ids(Phone, count), texts, keys, strict=True):
        row = Phone(pk=pk, customer=customer, kind="mobile", valid_from=date(2024, 1, 1), **key._asdict())
        row.seal("number", text)
        rows.append(row)
    Phone.objects.bulk_create(rows, batch_size=1000)
    return {row.open("number"): row.pk for row in rows}


def one_of_each() -> None:
    first, second = make_customer("张桂兰", number=resident_number()), make_customer("王建国")
    make_account(first)
    marriage = Marriage(
        first=first, second=second, number_key=crypto.keyed(numbers.DOCUMENT, "J110101-2010-000001")
    )
    marriage.seal("number", "J110101-2010-000001")
    marriage.save(force_insert=True)


class Reader(threading.Thread):
    """Asks for numbers by every road as fast as it can, and counts what it did not get."""

    def __init__(self, phones: dict[str, int]):
        super().__init__(daemon=True)
        self.phones, self.reads, self.failed, self.stop = phones, 0, [], threading.Event()

    def run(self):
        texts = list(self.phones)
        while not self.stop.is_set():
            text = texts[self.reads * 37 % len(texts)]
            found = list(Phone.objects.filter(number_key=numbers.phone_keys(text).number_key))
            if [row.pk for row in found] != [self.phones[text]] or found[0].open("number") != text:
                self.failed.append(text)
            self.reads += 1
        connections.close_all()


def test_no_read_fails_while_every_value_moves_to_the_new_key(folder):
    phones = make_phones(PHONES)
    one_of_each()
    reader = Reader(phones)
    reader.start()

    take_next(folder)
    job = rotate()
    reader.stop.set()
    reader.join()

    assert (job.state, job.result["renewed"], job.result["left_as_they_were"]) == (
        JobState.DONE,
        PHONES + 3,
        0,
    )
    assert (reader.failed, reader.reads > 50) == ([], True)
    assert {key for counts in rotation.count_by_key().values() for key in counts} == {2}
    assert rotate("again").result == {"renewed": 0, "left_as_they_were": 0}
    crypto.retire_old(folder)
    assert (
        Phone.objects.get(tail_key=numbers.phone_keys("13900000017").tail_key).open("number") == "13900000017"
    )
    for model in (IdentityDocument, Account, Marriage):
        row = model.objects.get()
        assert model.objects.get(number_key=row.number_key).open("number")


def test_both_keys_find_and_a_number_is_not_registered_twice_meanwhile(folder):
    phones = make_phones(2)
    take_next(folder)
    old, new = phones["13900000000"], Phone.objects.get(pk=phones["13900000001"])
    rotation.renew_range(next(c for c in rotation.columns() if c.model is Phone), new.pk, new.pk)

    assert {row.pk: bytes(row.number)[0] for row in Phone.objects.all()} == {old: 1, new.pk: 2}
    keys = [numbers.phone_keys(text).number_key for text in phones]
    assert {row.pk for row in Phone.objects.filter(number_key__in=keys)} == set(phones.values())
    assert [Phone.objects.get(number_key=key).pk for key in keys] == list(phones.values())


def test_digests_that_were_made_under_the_old_key_at_the_last_moment_are_put_right(folder):
    row = Phone.objects.get(pk=make_phones(1)["13900000000"])
    before = bytes(row.number_key)
    take_next(folder)
    row.seal("number", "13900000000")
    row.save()

    assert (bytes(row.number_key), row.number[0]) == (before, 2)
    assert rotate().result["renewed"] == 1
    row.refresh_from_db()
    assert bytes(row.number_key) == bytes(numbers.phone_keys("13900000000").number_key)


def test_a_number_held_twice_and_a_value_that_does_not_open_are_reported_and_left(folder):
    number = resident_number()
    first = make_customer("甲", number=number).documents.get()
    before = bytes(first.number_key)
    take_next(folder)
    second = make_customer("乙").documents.create(
        kind=first.kind, number=b"", number_key=before[::-1], recorded_on=date(2024, 1, 1)
    )
    second.seal(
        "number", number
    )  # registered in the moment of the change by a process that knew one key only
    IdentityDocument.objects.filter(pk=second.pk).update(number=second.number)
    phone = make_phones(1)["13900000000"]
    Phone.objects.filter(pk=phone).update(number=b"\x01" + bytes(40))

    job = rotate()

    assert dict(job.error_rows.values_list("subject", "reason")) == {
        f"customers_identitydocument {second.pk}": rotation.TWICE,
        f"customers_phone {phone}": rotation.CLOSED,
    }
    assert (job.state, job.result["left_as_they_were"]) == (JobState.DONE, 2)


def test_the_command_counts_rotates_and_retires(folder, capsys, monkeypatch):
    monkeypatch.setattr("coopcrm.shared.management.commands.rotate_keys.SETTLING_SECONDS", 0)
    monkeypatch.setattr(
        "coopcrm.shared.management.commands.rotate_keys.run_job_and_wait",
        lambda job, echo: ([None for _ in iter(work.do_next_order, False)], job.refresh_from_db()),
    )
    make_phones(3)
    call_command("make_keys", "--next")

    call_command("rotate_keys", "--dry-run")
    assert "customers_phone.number: 3 under key 1" in capsys.readouterr().out
    call_command("rotate_keys")
    assert "customers_phone.number: 3 under key 2" in capsys.readouterr().out
    call_command("rotate_keys", "--retire")
    assert "Retired: fields-1.retired, index-1.retired." in capsys.readouterr().out

    Phone.objects.update(number=b"\x01" + bytes(40))
    with pytest.raises(CommandError, match="Not every value"):
        call_command("rotate_keys")


def test_a_read_only_folder_of_keys_is_renamed_by_its_owner(folder, monkeypatch):
    def refused(folder):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(crypto, "take_next_into_use", refused)

    with pytest.raises(CommandError, match=r"rename \*.next to \*.key as its owner"):
        call_command("rotate_keys")
