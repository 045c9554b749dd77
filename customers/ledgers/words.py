"""The fields of ledgers and what rows share, in the language of the page."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

FIELD_WORDS = {
    "name": _("name"),
    "head": _("head of household"),
    "relation": _("relation to the head"),
    "spouse": _("spouse"),
    "spouse_id_number": _("number of the spouse"),
    "spouse_phone": _("phone of the spouse"),
    "guarantor": _("guarantor"),
    "officer": _("loan officer"),
    "teller": _("cashier"),
    "id_number": _("document number"),
    "id_kind": _("kind of document"),
    "marriage_certificate": _("marriage certificate"),
    "phone": _("phone"),
    "address": _("address"),
    "township": _("township"),
    "village": _("village"),
    "group": _("village group"),
    "sex": _("sex"),
    "birth_date": _("date of birth"),
    "age": _("age"),
    "date": _("day of the entry"),
    "due_date": _("due date"),
    "business": _("business done"),
    "product": _("product"),
    "account_number": _("account number"),
    "account_status": _("state of the account"),
    "balance": _("balance"),
    "amount": _("amount"),
    "rate": _("rate"),
    "income": _("income"),
    "net_income": _("net income"),
    "debts": _("debts"),
    "population": _("people in the household"),
    "labour": _("people who work"),
    "land": _("land"),
    "livestock": _("livestock"),
    "grade": _("grade in the notebook"),
    "limit": _("limit"),
    "assets": _("assets"),
    "housing": _("housing"),
    "occupation": _("occupation"),
    "ethnicity": _("ethnic group"),
    "education": _("education"),
    "marital_status": _("marital status"),
    "household_number": _("household register number"),
    "serial": pgettext_lazy("column of a ledger", "running number"),
    "remark": _("remark"),
}
SHARED_WORDS = {
    "number": _("the same document number"),
    "damaged_number": _("what is left of a damaged number"),
    "phone": _("the same phone"),
    "group": _("the same village and group"),
    "village": _("the same village"),
    "birth": _("the same birth date"),
    "spouse": _("the same spouse"),
    "name": _("the same name"),
}
WITNESS_WORDS = {
    "chosen": _("chosen by people"),
    "remembered": _("remembered from before"),
    "both": _("word and content agree"),
    "word": _("by its word"),
    "content": _("by its content"),
    "none": _("kept as it is"),
}


def field_in_words(code: str) -> str:
    """A field as the page calls it; empty for a column that is kept raw alone."""
    return str(FIELD_WORDS.get(code, code))


def field_choices() -> list[tuple[str, str]]:
    """What a column may be, in the order of the words; the first keeps it raw."""
    return sorted(((code, str(words)) for code, words in FIELD_WORDS.items()), key=lambda each: each[1])
