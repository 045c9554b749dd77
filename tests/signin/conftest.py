"""People who can sign in, and the steps of signing in."""

from __future__ import annotations

import time

import pytest

from branches.choices import PostCode
from branches.signin import second_factor
from tests.factories import PASSWORD, make_branch, make_staff

SECRET = "COOPCRMTESTSECRETCOOPCRMTESTSECR"


def code(after: int = 0) -> str:
    """The code of the app now, or so many half minutes later."""
    return second_factor.code_at(SECRET, time.time() + 30 * after)


def enter(client, staff, password: str = PASSWORD, **more):
    """Send name and password."""
    return client.post("/sign-in/", {"username": staff.username, "password": password}, **more)


@pytest.fixture
def browser(db):
    """A browser that nobody has signed in with."""
    from django.test import Client

    return Client()


@pytest.fixture
def branch(db):
    return make_branch("白雀园信用社")


@pytest.fixture
def director(branch):
    staff = make_staff(PostCode.DIRECTOR, branch)
    second_factor.store_app(staff, SECRET)
    return staff


@pytest.fixture
def cashier(branch):
    return make_staff(PostCode.CASHIER, branch)
