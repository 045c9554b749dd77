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


DIGITS, PLACES, GROUPS = "零壹贰叁肆伍陆柒捌玖", ("", "拾", "佰", "仟"), ("", "万", "亿", "万亿")
MOST_IN_WORDS = Decimal(10) ** 16
TRADITIONAL = str.maketrans("贰叁陆万亿负", "貳參陸萬億負")


def in_capitals(amount: Decimal | int | str, *, traditional: bool = False) -> str:
    """Write an amount the way cheques and vouchers do (大写金额): 1409.50 is 壹仟肆佰零玖元伍角整."""
    value = yuan(amount)
    if abs(value) >= MOST_IN_WORDS:
        raise ValueError("an amount in words has at most sixteen digits before the point")
    whole, cents = divmod(int(abs(value) * 100), 100)
    tenths, hundredths = divmod(cents, 10)
    text = _whole_in_capitals(whole) + "元" if whole or not cents else ""
    if tenths:
        text += DIGITS[tenths] + "角"
    elif hundredths and whole:
        text += "零"
    text += DIGITS[hundredths] + "分" if hundredths else "整"
    text = f"负{text}" if value < 0 else text
    return text.translate(TRADITIONAL) if traditional else text


def _whole_in_capitals(number: int) -> str:
    """Write a whole number in groups of four digits; a gap of zeros is one 零."""
    groups = [number // 10_000**index % 10_000 for index in range(len(GROUPS))]
    text = ""
    for index in reversed(range(len(GROUPS))):
        if not groups[index]:
            continue
        is_gap = groups[index] < 1000 or not groups[min(index + 1, len(GROUPS) - 1)]
        text += ("零" if text and is_gap else "") + _group_in_capitals(groups[index]) + _unit(groups, index)
    return text or DIGITS[0]


def _unit(groups: list[int], index: int) -> str:
    """The name of a group; ten thousand times a hundred million says 亿 once, with the group that ends it."""
    return "万" if index == 3 and groups[2] else GROUPS[index]


def _group_in_capitals(group: int) -> str:
    digits = [group // 10**place % 10 for place in range(4)]
    text, has_gap = "", False
    for place in reversed(range(4)):
        if digits[place]:
            text += ("零" if has_gap and text else "") + DIGITS[digits[place]] + PLACES[place]
            has_gap = False
        else:
            has_gap = True
    return text
