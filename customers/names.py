"""Search keys of names: what the registry compares when somebody types a name, a part of it, or its pinyin.

One function feeds every road into the registry (counter, ledgers, core banking, the demonstration), so that a person
is found the same way whoever wrote the record. Conversion goes character by character: a prefix of a name then always
converts to a prefix of its key.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

import opencc
from pypinyin import Style, lazy_pinyin

from customers.identity import CJK, normalize_name

LONGEST_PERSONAL_NAME = 5
LONGEST_PINYIN, LONGEST_INITIALS = 200, 60

_COMPOUND = (
    "欧阳 太史 端木 上官 司马 东方 独孤 南宫 万俟 闻人 夏侯 诸葛 尉迟 公羊 赫连 澹台 皇甫 宗政 濮阳 公冶 太叔 申屠"
    " 公孙 慕容 仲孙 钟离 长孙 宇文 司徒 鲜于 司空 闾丘 子车 亓官 司寇 巫马 公西 颛孙 壤驷 公良 漆雕 乐正 宰父 谷梁"
    " 拓跋 夹谷 轩辕 令狐 段干 百里 呼延 东郭 南门 羊舌 微生 公户 公玉 梁丘 左丘 东门 西门 第五 单于 淳于 完颜"
)
COMPOUND_SURNAMES = frozenset(_COMPOUND.split())

# Readings that differ from the common one when the character is a surname.
SURNAME_READINGS = {
    "单": "shan", "曾": "zeng", "解": "xie", "仇": "qiu", "区": "ou", "查": "zha", "朴": "piao", "任": "ren",
    "盖": "ge", "翟": "zhai", "华": "hua", "乐": "yue", "覃": "qin", "召": "shao", "种": "chong", "重": "chong",
    "黑": "he", "折": "she", "缪": "miao", "繁": "po", "员": "yun", "冼": "xian", "洗": "xian", "秘": "bi",
    "万俟": "mo qi", "尉迟": "yu chi", "长孙": "zhang sun", "单于": "chan yu", "澹台": "tan tai", "宰父": "zai fu",
    "令狐": "ling hu", "鲜于": "xian yu", "亓官": "qi guan", "乐正": "yue zheng",
}  # fmt: skip

_NOT_LATIN = re.compile(r"[^a-z]+")
_to_simplified = opencc.OpenCC("t2s")


class NameKeys(NamedTuple):
    """The searchable forms of a name, as the columns of ``Customer`` hold them."""

    name_key: str
    given_key: str
    pinyin: str
    initials: str
    given_pinyin: str


def has_han(text: str) -> bool:
    """Whether the text holds a Chinese character."""
    return CJK.search(text) is not None


@lru_cache(maxsize=30_000)
def _simple(character: str) -> str:
    converted = _to_simplified.convert(character)
    return converted if len(converted) == 1 else character


@lru_cache(maxsize=30_000)
def _reading(character: str) -> str:
    """The commonest reading of one character without its tone, ü written as v; Latin letters are their own."""
    if not has_han(character):
        return latin_key(character)
    found = lazy_pinyin(character, style=Style.NORMAL, errors="ignore")
    return latin_key(found[0]) if found else ""


def simplified(text: str) -> str:
    """Return the text with every traditional character replaced by its simplified form."""
    return "".join(map(_simple, text))


def name_key(name: str) -> str:
    """Return the form under which a name is looked up: handbook §6.2, then every character simplified."""
    return simplified(normalize_name(name))


def latin_key(text: str) -> str:
    """Return typed pinyin as it is stored: lower case, joined, no tone marks, ü as v (``Lǚ Guìlán`` → lvguilan)."""
    lowered = unicodedata.normalize("NFD", text.lower().replace("u:", "v"))
    lowered = re.sub("u([\u0300-\u036f]*)\u0308[\u0300-\u036f]*", "v", lowered)
    return _NOT_LATIN.sub("", "".join(c for c in lowered if not unicodedata.combining(c)))


def surname_length(key: str) -> int:
    """How many characters of a normalised Chinese name are the surname."""
    return 2 if len(key) > 2 and key[:2] in COMPOUND_SURNAMES else 1


def name_keys(name: str) -> NameKeys:
    """Return ``(name_key, given_key, pinyin, initials, given_pinyin)`` of a name as written on the document.

    Worked by hand: 張桂蘭 → 张桂兰, 桂兰, zhangguilan, zgl, guilan; 欧阳丽 → 欧阳丽, 丽, ouyangli, oyl, li.
    """
    key = name_key(name)
    if not has_han(key):
        words = key.replace("-", " ").split()
        given = " ".join(words[1:])
        initials = "".join(latin_key(word)[:1] for word in words)
        return _cut(key, given, latin_key(key), initials, latin_key(given))
    surname, given = _split(key)
    syllables = _surname_syllables(surname) + [_reading(character) for character in key[len(surname) :]]
    initials = "".join(syllable[:1] for syllable in syllables)
    return _cut(key, given, "".join(syllables), initials, reading_of(given))


def _cut(key: str, given: str, pinyin: str, initials: str, given_pinyin: str) -> NameKeys:
    sounds = pinyin[:LONGEST_PINYIN], initials[:LONGEST_INITIALS], given_pinyin[:LONGEST_PINYIN]
    return NameKeys(key[:100], given[:100], *sounds)


def reading_of(text: str) -> str:
    """The pinyin of characters that are no surname: 桂兰 → guilan."""
    return "".join(map(_reading, text))


def syllables_of(name: str) -> list[str]:
    """The pinyin of a Chinese name, syllable by syllable; a name in Latin letters is one."""
    key = name_key(name)
    if not has_han(key):
        return [latin_key(key)]
    surname, _given = _split(key)
    return _surname_syllables(surname) + [_reading(character) for character in key[len(surname) :]]


def spoken(name: str) -> str:
    """A name as it is said, surname and given name apart: 张桂兰 → zhang guilan; empty without a Chinese character."""
    key = name_key(name)
    if not has_han(key):
        return ""
    surname, _given = _split(key)
    said = " ".join(_surname_syllables(surname))
    return f"{said} {''.join(_reading(character) for character in key[len(surname) :])}".strip()


def place_keys(name: str) -> tuple[str, str]:
    """Return ``(pinyin, initials)`` of a village, township or other place name."""
    syllables = [_reading(character) for character in name_key(name)]
    return "".join(syllables)[:LONGEST_PINYIN], "".join(syllable[:1] for syllable in syllables)[:40]


def _split(key: str) -> tuple[str, str]:
    if "·" in key:
        first, _, rest = key.partition("·")
        return "", rest.rpartition("·")[2] if first else rest
    if len(key) > LONGEST_PERSONAL_NAME:
        return "", ""
    length = surname_length(key)
    return key[:length], key[length:]


def _surname_syllables(surname: str) -> list[str]:
    if surname in SURNAME_READINGS:
        return SURNAME_READINGS[surname].split()
    return [_reading(character) for character in surname]
