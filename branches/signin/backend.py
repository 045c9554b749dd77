"""Whose password opens at all, and who a request comes from."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

from django.conf import settings
from django.contrib import auth
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from branches.models import StaffMember
from branches.signin.sessions import SessionStore

_session: ContextVar[SessionStore | None] = ContextVar("session", default=None)


class StaffBackend(ModelBackend):
    """Active staff; people of a demonstration only where one is shown."""

    def get_user(self, user_id: int) -> StaffMember | None:
        session = _session.get()
        staff = session.person if session is not None else None
        if staff is None or staff.pk != user_id:
            staff = StaffMember.objects.filter(pk=user_id).first()
        return staff if staff is not None and self.user_can_authenticate(staff) else None

    def user_can_authenticate(self, user) -> bool:
        return super().user_can_authenticate(user) and (settings.DEMONSTRATION or not user.is_demonstration)


class WhoseSession(AuthenticationMiddleware):
    """Django's middleware; the person is the one that was read together with the session."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: _person_of(request))


def _person_of(request: HttpRequest):
    if not hasattr(request, "_cached_user"):
        with _read_with(request.session):
            request._cached_user = auth.get_user(request)
    return request._cached_user


@contextlib.contextmanager
def _read_with(session: SessionStore) -> Iterator[None]:
    """Inside the block the backend takes the person that came with this session."""
    token = _session.set(session)
    try:
        yield
    finally:
        _session.reset(token)
