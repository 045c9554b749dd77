"""Template tags of the registry's pages."""

from __future__ import annotations

from django import template
from django.template.loader import render_to_string
from django.utils import timezone

from customers import forms, policies
from customers.provenance import asking
from customers.review import asking as review_questions

register = template.Library()


@register.simple_tag(takes_context=True)
def part(context, name: str, values: dict) -> str:
    """Draw a part that another app has registered for this page, with its own values."""
    return render_to_string(name, {**values, "user": context.get("user")}, request=context.get("request"))


@register.inclusion_tag("customers/_reveal.html", takes_context=True)
def reveal(context, customer, what: str, pk: int) -> dict:
    """The button that shows one full number for a purpose; nothing for posts that read none."""
    if not policies.may_reveal(context["request"].user, customer):
        return {}
    return forms.reveal_context(customer, what, pk)


@register.inclusion_tag("customers/provenance/_questions.html")
def questions(household) -> dict:
    """What is to be asked of the people of a household at this contact."""
    today = timezone.localdate()
    return {
        "questions": asking.questions_of(household, today),
        "of_review": review_questions.asked_at_home(household, today),
    }
