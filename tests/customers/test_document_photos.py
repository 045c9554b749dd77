"""Photos of identity documents: taken in clean, looked at with a purpose on record."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from branches.choices import PostCode
from coopcrm.shared import files
from coopcrm.shared.models import AuditEntry, StoredFile
from customers.models import DocumentPhoto
from tests.factories import branch_of, make_customer, make_staff, resident_number
from tests.shared.pictures import noted_photo

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def cashier():
    return make_staff(PostCode.CASHIER)


@pytest.fixture
def document(cashier):
    return make_customer(branch=branch_of(cashier), number=resident_number()).documents.get()


def add(client, document, content, name="card.jpg"):
    url = reverse("customers:add-document-photo", args=[document.pk])
    return client.post(url, {"photo": SimpleUploadedFile(name, content)}, follow=True)


def read(client, document, purpose="identity"):
    return client.post(reverse("customers:read-document-photo", args=[document.pk]), {"purpose": purpose})


def test_photo_is_kept_without_what_the_camera_added_but_time_and_place(client, cashier, document):
    client.force_login(cashier)

    page = add(client, document, noted_photo(description="secret words")).content.decode()

    photo = DocumentPhoto.objects.get(document=document)
    assert "The photo is kept with the document." in page
    assert (photo.added_by, photo.file.latitude, photo.file.taken_at.year) == (cashier, 31.96, 2026)
    assert b"secret words" not in files.content_of(photo.file)


def test_photo_is_looked_at_with_a_purpose_that_is_on_record(client, cashier, document):
    client.force_login(cashier)
    add(client, document, noted_photo())

    without = read(client, document, "curious")
    answer = read(client, document)

    assert (without.status_code, answer.status_code) == (302, 200)
    assert answer.content[:3] == b"\xff\xd8\xff"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    entry = AuditEntry.objects.get(deed="reading")
    assert (entry.purpose, entry.actor_id, entry.subject_id) == ("identity", cashier.pk, document.customer_id)


def test_colleagues_of_other_branches_find_no_document(client, document):
    client.force_login(make_staff(PostCode.DIRECTOR))

    answers = [add(client, document, noted_photo()), read(client, document)]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert not StoredFile.objects.exists()


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"<svg onload=alert(1)>", "This is no photo."), (b"", "The submitted file is empty.")],
)
def test_what_is_no_photo_is_refused_with_a_reason(client, cashier, document, content, reason):
    client.force_login(cashier)

    page = add(client, document, content)

    assert reason in page.content.decode()
    assert (page.status_code, StoredFile.objects.count()) == (200, 0)
