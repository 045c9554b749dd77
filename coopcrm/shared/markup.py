"""Texts for elements that are drawn without a template."""

from __future__ import annotations

import html
from typing import Any


def text(value: Any) -> str:
    """A value as it stands between tags or in quotes: escaped, unless it says that it is drawn already.

    As ``conditional_escape`` of Django, which asks every argument whether it is lazy: lists call this a thousand times.
    """
    return value.__html__() if hasattr(value, "__html__") else html.escape(str(value))
