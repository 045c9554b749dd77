"""Where a request comes from: its address, and its browser in two words."""

from __future__ import annotations

import ipaddress
import re

from django.conf import settings
from django.http import HttpRequest

from branches.choices import DeviceKind

BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("MicroMessenger", "WeChat"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("Android", "Android"),
    ("HarmonyOS", "HarmonyOS"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)
PHONE = re.compile(r"Mobile|Android|iPhone|HarmonyOS")


def address_of(request: HttpRequest) -> str | None:
    """Return the client's address: the connection's, or behind proxies the one the outermost of them saw."""
    found = request.META.get("REMOTE_ADDR") or ""
    if settings.NUM_PROXIES:
        named = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
        found = named[-min(settings.NUM_PROXIES, len(named))] or found
    try:
        return str(ipaddress.ip_address(found))
    except ValueError:
        return None  # a socket of this machine has no address


def browser_of(user_agent: str) -> str:
    """Name browser and system of a ``User-Agent`` header, such as "Firefox · Linux"; empty when unknown."""
    browser = next((name for mark, name in BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    return " · ".join(part for part in (browser, system) if part)


def kind_of(user_agent: str) -> str:
    """Return whether a browser is a phone's or stands on a desk."""
    return DeviceKind.PHONE if PHONE.search(user_agent) else DeviceKind.COUNTER
