"""Every file that means harm gets a reason through the real page; nobody else notices (speed: ``bench.hostile``)."""

from __future__ import annotations

import contextlib
import re
import threading
from html import unescape
from pathlib import Path

import psutil
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from branches.choices import PostCode
from branches.models import ListImport
from coopcrm.shared import files
from coopcrm.shared.models import StoredFile
from coopcrm.shared.uploads.refusals import refusal_for
from tests.factories import branch_of, make_customer, make_staff, resident_number
from tests.hostile_files.make import CLEANSED, FILES, PAYLOAD, READ

pytestmark = pytest.mark.django_db
PAGE_FIRST = {
    "too_large.csv",
    "shared_texts.xlsx",
    "one_text_everywhere.xlsx",
}  # the page has a narrower limit
MOST_MEMORY = 600 * 1024  # kilobytes
SHEETS = [file for file in FILES if file.place == "sheet"]
PHOTOS = [file for file in FILES if file.place == "photo"]


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def test_there_are_enough_of_them():
    assert len([file for file in FILES if file.code != CLEANSED]) >= 50
    assert len({file.name for file in FILES}) == len(FILES)


class Watcher(threading.Thread):
    """Notes the most memory of any child that reads a file; what the system counts for it begins with our own size."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.is_over, self.most, self.seen = threading.Event(), 0, 0

    def run(self) -> None:
        while not self.is_over.wait(0.01):
            for child in psutil.Process().children():
                with contextlib.suppress(psutil.Error, OSError, AttributeError):
                    if any("uploads" in word for word in child.cmdline()):
                        status = Path(f"/proc/{child.pid}/status").read_text()
                        self.most = max(self.most, int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]))
                        self.seen += 1


@pytest.fixture
def readers():
    """Who watches the children that read files."""
    watcher = Watcher()
    watcher.start()
    yield watcher
    watcher.is_over.set()
    watcher.join()


def said(response) -> str:
    return unescape(response.content.decode())


@pytest.mark.slow
def test_hostile_sheets_are_refused_with_a_reason(client, readers):
    client.force_login(make_staff(PostCode.ADMINISTRATOR))
    url = reverse("branches:upload-list", args=["units"])
    wrong = []

    for file in SHEETS:
        upload = SimpleUploadedFile(file.name, file.make())
        response = client.post(url, {"file": upload, "as_of": "2026-03-31"})
        is_other = file.code in (READ, "file_empty") or file.name in PAGE_FIRST
        reason = "" if is_other else str(refusal_for(file.code))
        form = response.context["form"] if response.status_code == 200 else None
        if form is None or not form.errors.get("file") or reason not in said(response):
            wrong.append((file.name, response.status_code, reason))

    assert wrong == []
    assert not ListImport.objects.exists()
    assert readers.seen > 10
    assert readers.most < MOST_MEMORY


def test_hostile_photos_are_refused_or_lose_their_payload(client, readers):
    cashier = make_staff(PostCode.CASHIER)
    document = make_customer(branch=branch_of(cashier), number=resident_number()).documents.get()
    client.force_login(cashier)
    url = reverse("customers:add-document-photo", args=[document.pk])
    wrong = []

    for file in PHOTOS:
        kept = StoredFile.objects.count()
        response = client.post(url, {"photo": SimpleUploadedFile(file.name, file.make())}, follow=True)
        if file.code == CLEANSED:
            content = files.content_of(StoredFile.objects.latest("pk"))
            is_right = PAYLOAD not in content and content.startswith(b"\xff\xd8\xff")
        else:
            is_right = str(refusal_for(file.code)) in said(response) and StoredFile.objects.count() == kept
        if response.status_code != 200 or not is_right:
            wrong.append((file.name, response.status_code, file.code))

    assert wrong == []
    assert readers.seen > 10
    assert readers.most < MOST_MEMORY
