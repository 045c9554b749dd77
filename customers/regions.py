"""Where a resident number was first issued, in words, as far as the code is known."""

from __future__ import annotations

import re

from stdnum import numdb

PERIODS = re.compile(r"\[[^\]]*\]")


def region_of(number: str) -> str:
    """Province and county of the first six digits; a code that nobody knows is still a valid one (handbook §6.1)."""
    offset = (
        1 if number[:1] == "9" else 0
    )  # cards of foreign permanent residents name the province in places 2 and 3
    found: dict[str, str] = {}
    for _code, names in numdb.get("cn/loc").info(number[offset : offset + 6]):
        found.update(names)
    county = PERIODS.sub("", found.get("county", "").rpartition(",")[2])
    return " ".join(dict.fromkeys(filter(None, (found.get("province", ""), county))))
