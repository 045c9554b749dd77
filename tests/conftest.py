"""The test run uses the real PostgreSQL and Redis of the project, private to this clone."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from pathlib import Path

import pytest

os.environ["DJANGO_SETTINGS_MODULE"] = "coopcrm.settings"
os.environ.setdefault("COOPCRM_ROLE", "owner")  # creates the test databases
os.environ["COOPCRM_REDIS_PREFIX"] = f"test-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}-{os.getpid()}"
os.environ.setdefault("COOPCRM_LOG_LEVEL", "ERROR")

import django
from django.conf import settings
from django.db import connections
from django.utils import translation

from coopcrm import embedded
from coopcrm.shared import acting

embedded.attach()
settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
settings.PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher"
]  # speed; the real one has its own test
django.setup()  # before any test module imports a model

from tests import roles

roles.let_the_owner_step_into_daily_roles()
roles.use_daily_roles()
acting.begin_process("tests")  # what a test itself reads, it reads as a process; requests say who acts
del os.environ[
    "DJANGO_SETTINGS_MODULE"
]  # or processes of pytest-xdist read settings before their prefix is set

BROWSER = Path(__file__).parent / "browser"


def pytest_itemcollected(item) -> None:
    """Mark the tests that drive a browser."""
    if BROWSER in item.path.parents:
        item.add_marker(pytest.mark.browser)


@pytest.hookimpl(trylast=True)  # pytest-django has put those first that leave the database as it was
def pytest_collection_modifyitems(items) -> None:
    """Begin with what takes longest."""
    items.sort(key=lambda item: not _has_servers_of_its_own(item))


def _has_servers_of_its_own(item) -> bool:
    return bool(item.get_closest_marker("servers")) and not item.get_closest_marker("django_db")


def pytest_collection_finish() -> None:
    """Let the search for garbage pass over the program and rest a while: it took a fifth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment, django_db_blocker, django_db_modify_db_settings):
    """The test database of this process: a copy of the migrated one."""
    from tests import databases

    default = connections["default"]
    used, name = default.settings_dict["NAME"], default.creation._get_test_db_name()
    with django_db_blocker.unblock():
        databases.copy_migrated(name)
        default.close()
        default.settings_dict["NAME"] = settings.DATABASES["default"]["NAME"] = name
        mirrors = [one for one in connections.all() if one.settings_dict["TEST"].get("MIRROR")]
        for mirror in mirrors:
            mirror.creation.set_as_test_mirror(default.settings_dict)
    yield
    with django_db_blocker.unblock():
        connections.close_all()
        default.settings_dict["NAME"] = settings.DATABASES["default"]["NAME"] = used
        databases.drop(name)


@pytest.fixture
def own_var():
    """A folder for servers of a test's own; pytest's folders close themselves to the user that PostgreSQL runs as."""
    folder = Path(tempfile.mkdtemp(prefix="coopcrm-test-")).resolve()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def english():
    """Every test begins in English, whatever language the request of the test before was answered in."""
    translation.activate("en")


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch):
    """No page remembers the number of its badge, so that the queries of pages can be counted and compared."""
    monkeypatch.setattr("branches.proposals.SECONDS_KEPT", 0)


@pytest.fixture
def client():
    """A browser whose ``force_login`` counts as a whole sign-in."""
    from tests.clients import Client

    return Client()
