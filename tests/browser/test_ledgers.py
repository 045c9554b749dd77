"""Ledgers through the browser, from dropped files to the reason why a row was refused."""

import csv
import io
import re
import subprocess
import sys
import zipfile

import pytest
from django.conf import settings
from playwright.sync_api import expect

from tests.browser.conftest import SESSIONS, _environment

WORKER = """
import time
from coopcrm.shared.work import work_until_idle
while True:
    work_until_idle(5)
    time.sleep(0.1)
"""
HEADER = ["办理日期", "客户姓名", "丙", "证件号码", "联系电话", "业务种类", "金额"]
ROWS = [
    ["2005-03-16", "欧阳大明", "木匠", "110105194912310038", "13866086809", "存款", "1340"],
    ["2005-03-17", "", "木匠", "110105194912310054", "13866086805", "开户", "20"],
    ["2005-03-17", "诸葛小花", "瓦匠", "11010519491231002X", "13866086807", "取款", "500"],
]


@pytest.fixture
def worker(site):
    """A worker of the served county, as long as the test runs."""
    command = [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", WORKER]
    environment = {**_environment(SESSIONS["name"]), "COOPCRM_ROLE": "worker"}
    process = subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment)
    yield process
    process.terminate()
    process.wait(30)


def zipped():
    text, stream = io.StringIO(newline=""), io.BytesIO()
    csv.writer(text).writerows([HEADER, *ROWS])
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("柜面登记簿.csv", text.getvalue().encode("gb18030"))
    return stream.getvalue()


def test_a_director_drops_a_zip_fixes_a_header_and_reads_why_a_row_was_refused(open_page, worker):
    page = open_page("director")
    page.goto("/ledgers/new/")
    file = {"name": "old.zip", "mimeType": "application/zip", "buffer": zipped()}
    page.locator("input[type=file]").set_input_files([file])
    page.get_by_role("button", name="Read the files").click()

    page.get_by_role("link", name="柜面登记簿.csv").click(timeout=60_000)
    page.get_by_label("丙", exact=True).select_option("occupation")
    page.get_by_role("button", name="Keep these columns").click()
    page.get_by_role("button", name="Show the preview").click()
    expect(page.get_by_text("the row names nobody")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Take in").click()
    page.get_by_role("dialog").get_by_role("button", name="Take in").click()

    page.get_by_role("link", name="Open the import").click(timeout=60_000)
    refused = page.get_by_role("row", name=re.compile("柜面登记簿.csv")).locator(
        "a[href$='outcome=rejected']"
    )
    refused.click()
    expect(page.get_by_role("cell", name="the row names nobody")).to_be_visible()
    assert page.troubles == []
