"""What a screen shows of a name, number or address to whoever has no purpose for more (脱敏, handbook §6.5).

One ``*`` stands for every hidden character, except in addresses. Characters are Unicode code points.
"""

from __future__ import annotations

import re

ADDRESS_HEAD = re.compile(r"街道|镇|乡")
ADDRESS_CHARS = 6
DOT = "·"


def _hide(text: str) -> str:
    return "".join(DOT if character == DOT else "*" for character in text)


def _ends(text: str, head: int, tail: int) -> str:
    return text[:head] + "*" * (len(text) - head - tail) + text[len(text) - tail :]


def mask_name(value: str | None, level: str = "list") -> str:
    """Two characters: the first; more: the first and the last; the dot of minority names stays."""
    text = value or ""
    if len(text) < 2:
        return "*" * len(text)
    if len(text) == 2:
        return text[0] + "*"
    return text[0] + _hide(text[1:-1]) + text[-1]


def mask_id(value: str | None, level: str = "list") -> str:
    """In a list the first and the last character; in the detail view six and four."""
    text = value or ""
    if len(text) < 3:
        return "*" * len(text)
    if level == "detail" and len(text) >= 11:
        return _ends(text, 6, 4)
    return _ends(text, 1, 1)


def mask_phone(value: str | None, level: str = "list") -> str:
    """Mobile numbers keep three and four, other phones the last four."""
    text = value or ""
    if len(text) == 11 and text.startswith("1"):
        return _ends(text, 3, 4)
    return "*" * len(text) if len(text) <= 4 else _ends(text, 0, 4)


def mask_bank_card(value: str | None, level: str = "list") -> str:
    """Cards and accounts keep six and four; a number too short for that keeps its last four."""
    text = value or ""
    if len(text) > 10:
        return _ends(text, 6, 4)
    return "*" * len(text) if len(text) <= 4 else _ends(text, 0, 4)


def mask_address(value: str | None, level: str = "list") -> str:
    """Up to the first 街道, 镇 or 乡, else six characters, then four stars."""
    text = value or ""
    if not text:
        return ""
    head = ADDRESS_HEAD.search(text)
    return text[: head.end() if head else ADDRESS_CHARS] + "****"


MASKS = {
    "name": mask_name,
    "id": mask_id,
    "phone": mask_phone,
    "bank_card": mask_bank_card,
    "address": mask_address,
}
