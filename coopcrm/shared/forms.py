"""How every form and field is drawn (set once as ``FORM_RENDERER``), and that pages take what they show alone."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from django import forms
from django.core.exceptions import SuspiciousOperation
from django.forms.renderers import TemplatesSetting

from coopcrm.shared import widgets

OF_THE_FRAME = frozenset({"csrfmiddlewaretoken"})


class LookRenderer(TemplatesSetting):
    """Draws forms and fields with our own templates: label, hint, control, error."""

    form_template_name = "components/form.html"
    formset_template_name = "components/formset.html"
    field_template_name = "components/field.html"

    def render(self, template_name, context, request=None):
        drawn = widgets.draw(template_name, context)
        return super().render(template_name, context, request) if drawn is None else drawn


class UnknownField(SuspiciousOperation):
    """Somebody sent a field that the page does not show; Django answers 400, and nothing is done."""


def refuse_unknown(sent: Iterable[str], known: Iterable[str]) -> None:
    """Raise ``UnknownField`` when something was sent that is not known; nothing of what was sent comes into the log."""
    if unknown := set(sent) - set(known) - OF_THE_FRAME:
        raise UnknownField(f"Unknown fields were sent: {len(unknown)}.")


class StrictFields:
    """Added to a form, makes it take what it shows and nothing else; ``beside`` names buttons that stand next to it."""

    beside: tuple[str, ...] = ()

    def full_clean(self) -> None:
        if self.is_bound:
            refuse_unknown([*self.data, *self.files], {*map(self.add_prefix, self.fields), *self.beside})
        super().full_clean()


class FlatFields(dict):
    """The ``base_fields`` of a form with very many, copied flat for each request.

    Django copies every field to its last choice and validator, which costs more than judging what was sent. What a form
    may change of its own fields - choices, initial value, attributes of the control - stays its own.
    """

    def __deepcopy__(self, memo: dict) -> dict[str, forms.Field]:
        return {name: _flat(field) for name, field in self.items()}


def _flat(field: forms.Field) -> forms.Field:
    """A copy of a field; one that holds fields, rows or several controls is copied with them."""
    if isinstance(field, forms.MultiValueField | forms.ModelChoiceField) or hasattr(field.widget, "widgets"):
        return copy.deepcopy(field)
    made, control = flat_copy(field), flat_copy(field.widget)
    control.attrs = dict(control.attrs)
    made.widget, made.validators = control, list(made.validators)
    made.error_messages = dict(made.error_messages)
    return made


def flat_copy(thing: Any) -> Any:
    """Another object with the same attributes, without what its class does to copy itself."""
    made = object.__new__(type(thing))
    made.__dict__.update(thing.__dict__)
    return made


class StrictForm(StrictFields, forms.Form):
    """The form that pages use for what is posted."""


def takes(*names: str) -> Callable:
    """Mark a page that reads what is posted without a form: it takes these fields and refuses others with 400."""

    def decorate(view: Callable) -> Callable:
        @wraps(view)
        def strict(request, *args, **kwargs):
            if request.method == "POST":
                refuse_unknown([*request.POST, *request.FILES], names)
            return view(request, *args, **kwargs)

        return strict

    return decorate
