"""The attributes of a person that statements are made about: how a value becomes text and text a value again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import models
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from customers.names import name_key


@dataclass(frozen=True)
class Attribute:
    """A column of the customer about which statements are made; ``code`` is the name of its field."""

    code: str
    name: Any = ""

    @property
    def field(self) -> models.Field:
        return Customer._meta.get_field(self.code)

    @property
    def column(self) -> str:
        """The attribute of a ``Customer`` that holds the value: the id where it is a reference."""
        return self.field.attname

    @property
    def label(self) -> str:
        return capfirst(str(self.name or self.field.verbose_name))

    @property
    def is_required(self) -> bool:
        return not self.field.blank

    def text_of(self, value: Any) -> str:
        """The normalised text of a value; empty where there is none."""
        if value is None or value == "":
            return ""
        if isinstance(value, models.Model):
            return str(value.pk)
        if isinstance(value, date):
            return value.isoformat()
        return " ".join(str(value).split())

    def value_of(self, text: str) -> Any:
        """What stands in the customer's column for a text."""
        if text == "":
            return None if self.field.null else ""
        if isinstance(self.field, models.DateField):
            return date.fromisoformat(text)
        if self.field.is_relation:
            return int(text)
        return text

    def compared(self, text: str) -> str:
        """The form in which two texts are compared: names in one script and width."""
        return name_key(text) if self.code == "name" else text

    def shown(self, text: str, places: Mapping[str, str]) -> str:
        """The value in words; ``places`` names areas by the text of their id."""
        if text == "":
            return "–"
        if self.field.is_relation:
            return places.get(text, "–")
        if isinstance(self.field, models.DateField):
            return date_format(date.fromisoformat(text), "Y-m-d")
        return str(dict(self.field.flatchoices).get(text, text))


ATTRIBUTES: dict[str, Attribute] = {}


def register(*attributes: Attribute) -> None:
    """Let statements be made about more columns of the customer."""
    ATTRIBUTES.update({attribute.code: attribute for attribute in attributes})


register(
    *map(Attribute, ("name", "sex", "birth_date")),
    Attribute("village", _("village")),
    *map(Attribute, ("group_no", "address", "occupation")),
    *map(Attribute, ("education", "residence", "contact_language", "contact_hours")),
)


def present_texts(customer: Customer, codes: Iterable[str]) -> dict[str, str]:
    """What stands in the record now, as text."""
    return {code: ATTRIBUTES[code].text_of(getattr(customer, ATTRIBUTES[code].column)) for code in codes}
