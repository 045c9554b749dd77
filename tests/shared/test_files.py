"""Photos are written anew, files lie sealed under names that say nothing, and nobody fills the disk."""

import io
from datetime import datetime

import pytest
from django.utils import timezone
from PIL import Image

from coopcrm.shared import crypto, files
from coopcrm.shared.crypto import CannotOpen
from coopcrm.shared.errors import DomainError
from coopcrm.shared.models import StoredFile, WorkOrder
from coopcrm.shared.uploads import Unreadable
from coopcrm.shared.uploads.photos import renewed
from coopcrm.shared.work import Work
from tests.shared.pictures import noted_photo, photo


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def store(content=b"a,b\n", owner=7, **given):
    return files.store(content, **{"owner": owner, "kind": "csv", "purpose": "test", **given})


def test_time_and_place_are_read_and_everything_else_is_left_behind():
    found = renewed(noted_photo(description="<script>alert(1)</script>"))

    assert (found.taken_at, found.latitude, found.longitude) == (
        timezone.make_aware(datetime(2026, 3, 18, 10, 42, 7)),
        31.96,
        114.9,
    )
    picture = Image.open(io.BytesIO(found.content))
    assert (picture.format, picture.size, dict(picture.getexif())) == ("JPEG", (640, 480), {})
    assert b"script" not in found.content


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_each_kind_of_photo_becomes_a_plain_jpeg(kind):
    found = renewed(photo(kind, size=(30, 20)))

    assert (found.content[:3], found.width, found.height, found.taken_at) == (b"\xff\xd8\xff", 30, 20, None)


def test_what_is_behind_the_picture_is_not_kept():
    assert b"alert" not in renewed(photo() + b"/*\n*/alert(1)//").content


def test_largest_photo_is_taken_in_within_the_memory_of_the_child():
    found = renewed(photo(size=(8000, 5000)))

    assert (found.width, found.height) == (4096, 2560)


def test_clock_and_position_that_are_none_are_left_out():
    found = renewed(noted_photo(taken_at="yesterday"))

    assert (found.taken_at, found.latitude) == (None, 31.96)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "no_photo"),
        (photo("GIF"), "no_photo"),
        (photo()[:700], "damaged_photo"),
        (photo("PNG", size=(9000, 5000)), "photo_too_wide"),
    ],
)
def test_other_pictures_are_refused(content, code):
    with pytest.raises(Unreadable) as refusal:
        renewed(content)

    assert refusal.value.code == code


@pytest.mark.django_db
def test_file_lies_sealed_under_a_name_that_says_nothing(tmp_path):
    stored = store(b"411522198005121231")

    (path,) = (tmp_path / "files").glob("*/*")
    assert (path.name, path.stat().st_mode & 0o777) == (stored.name, 0o600)
    assert b"411522198005121231" not in path.read_bytes()
    assert files.content_of(stored) == b"411522198005121231"


@pytest.mark.django_db
def test_file_that_was_exchanged_on_disk_does_not_open():
    first, second = store(b"first"), store(b"second")
    files.path_of(first).write_bytes(files.path_of(second).read_bytes())

    with pytest.raises(CannotOpen):
        files.content_of(first)


@pytest.mark.django_db
def test_browser_may_keep_the_file_but_not_guess_what_it_is():
    response = files.answer(store(b"<script>"), name="a.csv")

    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Disposition"] == 'attachment; filename="a.csv"'
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"


@pytest.mark.django_db
def test_quota_is_each_persons_own(settings):
    settings.UPLOAD_QUOTA_BYTES = 10
    store(b"12345678")

    with pytest.raises(DomainError) as refusal:
        store(b"123")
    store(b"123", owner=8)
    assert (refusal.value.code, StoredFile.objects.count()) == ("quota_full", 2)


@pytest.mark.django_db
def test_removed_file_is_gone_and_its_row_says_when(django_capture_on_commit_callbacks):
    stored = store()

    with django_capture_on_commit_callbacks(execute=True):
        files.remove([stored])

    stored.refresh_from_db()
    assert (files.path_of(stored).exists(), stored.removed_at is None) == (False, False)


@pytest.mark.django_db
def test_sweep_takes_what_no_row_knows_and_leaves_the_rest(monkeypatch):
    kept, lost = store(), store()
    StoredFile.objects.filter(pk=lost.pk).delete()
    monkeypatch.setattr(files, "ORPHAN_SECONDS", -1)

    swept = files.sweep()

    assert (swept, files.path_of(kept).exists(), files.path_of(lost).exists()) == (1, True, False)


@pytest.mark.django_db
def test_files_move_to_the_newest_key_with_everything_else(settings, tmp_path):
    settings.COOPCRM_KEYS = tmp_path / "keys"
    crypto.make_keys(settings.COOPCRM_KEYS)
    stored = store(b"first")
    crypto.make_next_keys(settings.COOPCRM_KEYS)
    crypto.take_next_into_use(settings.COOPCRM_KEYS)

    (order,) = files.renewal_orders()
    files.renew_files(Work(order=WorkOrder(payload=order.payload), job=None))

    stored.refresh_from_db()
    assert (stored.key_id, files.path_of(stored).read_bytes()[0], files.content_of(stored)) == (
        2,
        2,
        b"first",
    )
