"""Exact amounts in yuan: decimals in, decimals out, rounding half away from zero (handbook §0)."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

FEN = Decimal("0.01")
ZERO = Decimal(0)


def to_decimal(value: Decimal | int | str) -> Decimal:
    """Return ``value`` as an exact, finite decimal; binary floats are refused because they have lost digits."""
    if isinstance(value, bool) or not isinstance(value, Decimal | int | str):
        raise TypeError(f"an exact number is needed, not {type(value).__name__}")
    number = value if isinstance(value, Decimal) else Decimal(value)
    if not number.is_finite():
        raise ValueError("an amount is a finite number")
    return number


def rounded(value: Decimal, places: int) -> Decimal:
    """Round half away from zero to ``places`` decimals."""
    result = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return result if result else abs(result)  # no minus sign before a zero


def yuan(value: Decimal | int | str) -> Decimal:
    """Round an amount to whole fen."""
    return rounded(to_decimal(value), 2)


def ratio(numerator: Decimal | int, denominator: Decimal | int, places: int | None = None) -> Decimal | None:
    """Return numerator over denominator, rounded when ``places`` is given; None where the denominator is zero."""
    if not denominator:
        return None
    quotient = to_decimal(numerator) / to_decimal(denominator)
    return quotient if places is None else rounded(quotient, places)


def round_down_to(amount: Decimal, step: Decimal | int) -> Decimal:
    """Return the largest whole multiple of ``step`` not above ``amount``; nothing below zero."""
    return max(amount // step, ZERO) * step
