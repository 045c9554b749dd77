"""How names and places sound: toneless readings, and readings with what dialects do not tell apart."""

from __future__ import annotations

from functools import lru_cache

from pypinyin import Style, lazy_pinyin

BLURRED_SOUNDS = (
    ("zh", "z"),
    ("ch", "c"),
    ("sh", "s"),
    ("hui", "fei"),
    ("hun", "fen"),
    ("hua", "fa"),
    ("hu", "fu"),
    ("ng", "n"),
    ("l", "n"),
)
"""zh/z, ch/c, sh/s; f/h before u; in/ing, en/eng, an/ang; n/l: what many dialects do not tell apart."""


@lru_cache(maxsize=100_000)
def pinyin(text: str) -> str:
    """Return the toneless reading, lower case, without gaps."""
    return "".join(lazy_pinyin(text, style=Style.NORMAL, errors=lambda rest: rest.lower()))


@lru_cache(maxsize=100_000)
def blurred_pinyin(text: str) -> str:
    """Return the reading with the sounds merged that southern and central dialects do not tell apart."""
    sound = pinyin(text)
    for full, plain in BLURRED_SOUNDS:
        sound = sound.replace(full, plain)
    return sound
