"""The tabs of the organisation's pages."""

from __future__ import annotations

from django import template
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from branches import policies
from branches.signin.policies import may_register_somewhere

register = template.Library()


@register.inclusion_tag("components/tabs.html", takes_context=True)
def organisation_tabs(context, current: str) -> dict:
    """Tabs that the person may open; ``current`` is the address name of the page."""
    staff = context["request"].user
    tabs = [
        ("units", _("Chart")),
        ("staff", _("Staff")),
        ("areas", _("Areas")),
        ("calendar", _("Calendar")),
    ]
    if policies.may_see_rotation(staff):
        tabs.append(("rotation", _("Rotation")))
    if may_register_somewhere(staff):
        tabs.append(("devices", _("Devices")))
    if policies.may_see_imports(staff):
        tabs.append(("lists", _("Lists")))
    return {
        "label": pgettext("units and staff", "Organisation"),
        "tabs": [
            {"label": label, "url": reverse(f"branches:{name}"), "is_current": name == current}
            for name, label in tabs
        ],
    }
