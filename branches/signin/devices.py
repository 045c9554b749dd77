"""Registered devices: the cookie that a browser keeps after its director has registered it."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from branches.models import Device, StaffMember
from branches.signin.sessions import digest_of

KEPT_SECONDS = 365 * 24 * 60 * 60


def new_key() -> str:
    """Return a random key for a browser to keep."""
    return secrets.token_urlsafe(32)


def device_of(request: HttpRequest) -> Device | None:
    """Return the registered device that a request comes from; read once per request."""
    if not hasattr(request, "_device"):
        key = request.COOKIES.get(settings.DEVICE_COOKIE_NAME, "")
        found = (
            Device.objects.filter(key_digest=digest_of(key), ended_at=None) if key else Device.objects.none()
        )
        request._device = found.select_related("unit").first()
    return request._device


def keep_key(response: HttpResponse, key: str) -> None:
    """Let the browser keep the key of its registration."""
    response.set_cookie(
        settings.DEVICE_COOKIE_NAME,
        key,
        max_age=KEPT_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def is_at_own_device(staff: StaffMember, request: HttpRequest) -> bool:
    """Whether the request comes from a device registered at a branch where the person holds a post."""
    device = device_of(request)
    if device is None:
        return False
    return device.unit_id in staff.scope.unit_ids or device.unit.branch_id_of in staff.scope.branch_ids
