"""Numbers with one slip: a wrong digit, two neighbours swapped, one digit missing or too many.

Numbers are found by their digests alone, so what may have been meant is counted out and looked up. The check character
of a resident number leaves about twenty candidates, the date inside fewer.
"""

from __future__ import annotations

from collections.abc import Iterator

from customers import identity

DIGITS = "0123456789"
CHECKS = DIGITS + "X"
MOBILE = 11


def resident_candidates(digits: str) -> list[str]:
    """Valid eighteen-character numbers one slip away from a text of 17 to 19 characters."""
    if not 17 <= len(digits) <= 19:
        return []
    near = {18: _changed, 17: _longer, 19: _shorter}[len(digits)](digits)
    return sorted(
        {number for number in near if number != digits and identity.check_resident_id(number).valid}
    )


def old_candidates(digits: str) -> list[str]:
    """The eighteen-character forms of valid old numbers one slip away from fifteen digits."""
    if len(digits) != 15:
        return []
    judged = (identity.check_resident_id(number) for number in _changed(digits) if number != digits)
    return sorted({one.normalized for one in judged if one.valid})


def phone_candidates(digits: str) -> list[str]:
    """Mobile numbers one slip away from 10 to 12 digits."""
    if not MOBILE - 1 <= len(digits) <= MOBILE + 1:
        return []
    near = {MOBILE: _changed, MOBILE - 1: _longer, MOBILE + 1: _shorter}[len(digits)](digits)
    return sorted({number for number in near if number != digits and identity.check_phone(number).valid})


def _changed(text: str) -> Iterator[str]:
    for i in range(len(text)):
        for digit in CHECKS if i == 17 else DIGITS:
            yield text[:i] + digit + text[i + 1 :]
    for i in range(len(text) - 1):
        yield text[:i] + text[i + 1] + text[i] + text[i + 2 :]


def _longer(text: str) -> Iterator[str]:
    for i in range(len(text) + 1):
        for digit in CHECKS if i == 17 else DIGITS:
            yield text[:i] + digit + text[i:]


def _shorter(text: str) -> Iterator[str]:
    for i in range(len(text)):
        yield text[:i] + text[i + 1 :]
