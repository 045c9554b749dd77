"""Small filters for tables of amounts."""

from django import template

register = template.Library()


@register.filter
def minus(amount):
    """Turn a cost into what it takes away; nothing known stays so."""
    return None if amount is None else -amount
