"""Template tags of the registry's pages."""

from __future__ import annotations

from django import template
from django.template.loader import render_to_string

register = template.Library()


@register.simple_tag(takes_context=True)
def part(context, name: str, values: dict) -> str:
    """Draw a part that another app has registered for this page, with its own values."""
    return render_to_string(name, {**values, "user": context.get("user")}, request=context.get("request"))
