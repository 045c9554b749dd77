"""Cells of lists that leave the house: a spreadsheet shows them and never runs them."""

from __future__ import annotations

from decimal import Decimal

from import_export.widgets import CharWidget

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")


def safe_cell(text: str) -> str:
    """The text with an apostrophe before a leading sign of a formula; figures stay figures."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) and not _is_figure(text) else text


def _is_figure(text: str) -> bool:
    try:
        return text.isascii() and Decimal(text).is_finite()
    except ArithmeticError:
        return False


class SafeText(CharWidget):
    """Text in a file of ``django-import-export``; the apostrophe is taken off again when the file comes back."""

    def render(self, value, obj=None, **kwargs) -> str:
        return safe_cell(super().render(value, obj, **kwargs) or "")

    def clean(self, value, row=None, **kwargs):
        text = super().clean(value, row, **kwargs)
        is_safe = isinstance(text, str) and text[:1] == "'" and safe_cell(text[1:]) == text
        return text[1:] if is_safe else text
