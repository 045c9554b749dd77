"""Branches and villages that come in the zip with the ledgers."""

import pytest

from branches.choices import AreaLevel, PostCode
from branches.models import Area, Unit
from coopcrm.shared import work
from coopcrm.shared.errors import PermissionRefused
from customers.choices import UploadState
from customers.ledgers import places, uploads
from customers.models import Customer
from tests.customers.ledgers.fixtures import HEADERS, REGISTER, as_csv
from tests.customers.ledgers.test_importing import AREAS
from tests.customers.ledgers.test_uploads import brought_in, zipped
from tests.factories import make_branch, make_staff

pytestmark = pytest.mark.django_db
MANIFEST = [
    ["a.csv", "counter_register", "99000101", "柳河信用社"],
    ["b.csv", "counter_register", "99000102", "青石信用社"],
]


def archive():
    rows = as_csv(HEADERS[0], REGISTER)
    listed = as_csv(["file", "kind", "branch_code", "branch_name"], MANIFEST)
    members = [("manifest.csv", listed), ("areas.csv", AREAS), ("a.csv", rows), ("b.csv", rows)]
    return [("ledgers.zip", zipped(members))]


def test_head_office_opens_the_branches_and_villages_that_the_zip_names_and_takes_it_in():
    head_office = make_staff(PostCode.HEAD_OFFICE)
    upload = brought_in(head_office, archive())
    assert places.missing_branches(list(upload.files.all())) == {
        "99000101": "柳河信用社",
        "99000102": "青石信用社",
    }

    opened = places.open_branches(staff=head_office, upload=upload)
    loaded = places.load_areas(staff=head_office, upload=upload)
    again = places.open_branches(staff=head_office, upload=upload)
    uploads.order_check(staff=head_office, upload=upload)
    work.work_until_idle()
    upload.refresh_from_db()
    uploads.order_write(staff=head_office, upload=upload)
    work.work_until_idle()

    upload.refresh_from_db()
    assert (opened, again) == (2, 0)
    assert loaded.created == Area.objects.count() > 0
    assert not places.brings_areas(upload)
    assert upload.state == UploadState.DONE
    assert {file.branch.code for file in upload.files.select_related("branch")} == {"99000101", "99000102"}
    assert Unit.objects.get(code="99000102").parent.kind == "union"
    assert Customer.objects.filter(village__level=AreaLevel.VILLAGE).exists()


def test_a_branch_sees_that_head_office_opens_them_and_may_not():
    accountant = make_staff(PostCode.ACCOUNTANT, make_branch())
    upload = brought_in(accountant, archive())

    for deed in (places.open_branches, places.load_areas):
        with pytest.raises(PermissionRefused):
            deed(staff=accountant, upload=upload)

    assert not Unit.objects.filter(code="99000102").exists()
    assert not Area.objects.exists()


def test_one_branch_is_set_for_all_ticked_files(client):
    head_office = make_staff(PostCode.HEAD_OFFICE)
    branch = make_branch(code="99000109", name="孙铁铺信用社")
    upload = brought_in(head_office, archive())
    first, second = upload.files.order_by("position")
    client.force_login(head_office)
    page = f"/ledgers/uploads/{upload.pk}/"

    shown = client.get(page)
    client.post(f"{page}files/", {"files": [first.pk], "several_branch": branch.pk})

    first.refresh_from_db()
    second.refresh_from_db()
    assert b"names 2 branches that the registry does not have" in shown.content
    assert (first.branch, second.branch) == (branch, None)
