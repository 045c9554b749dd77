"""Numbers, names and whether two records are one person (handbook §6.1–§6.3).

A number that fails is reported with the first reason and never corrected. ``as_of`` is the day to judge by; without
it nothing is called too old or from the future.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from stdnum.cn import ric, uscc

from coopcrm.shared.periods import completed_years, to_date
from coopcrm.shared.plain import Result

# fmt: off
PROVINCES = frozenset({
    "11", "12", "13", "14", "15",
    "21", "22", "23",
    "31", "32", "33", "34", "35", "36", "37",
    "41", "42", "43", "44", "45", "46",
    "50", "51", "52", "53", "54",
    "61", "62", "63", "64", "65",
    "71", "81", "82", "83",
})
# fmt: on
PERMIT_PREFIXES = ("81", "82", "83")
OLDEST_YEARS = 120
CENTENARIAN_SERIES = range(996, 1000)

SPACES_AND_HYPHENS = re.compile(r"[\s\-‐‑–—]")
DASHES = re.compile(r"[\-‐‑‒–—―−﹣－]")
BRACKETS = re.compile(r"[()\[\]{}【】〔〕]")
ZERO_WIDTH = re.compile("[\u200b-\u200f\u2060\ufeff]")
CJK = re.compile("[\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
NAME_DOTS = re.compile("[·•・‧∙⋅●.。]+")

DIGITS = re.compile(r"[0-9]+")
ID18 = re.compile(r"[0-9]{17}[0-9X]")
USCC = re.compile(r"[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}")
MARRIAGE = re.compile(r"(B?[JL])([0-9]{2})[0-9]{4}-([0-9]{4})-[0-9]{6}")
MOBILE = re.compile(r"1[3-9][0-9]{9}")
LANDLINE = re.compile(r"0[1-9][0-9]{8,10}")
LOCAL_PHONE = re.compile(r"[2-9][0-9]{6,7}")
COUNTRY_CODE = re.compile(r"\+86|0086|86(?=[0-9]{11}$)")

MARRIAGE_TYPES = {"J": "marriage", "BJ": "marriage_reissue", "L": "divorce", "BL": "divorce_reissue"}
USCC_CATEGORIES = {
    "91": "enterprise",
    "92": "individual_business",
    "93": "farmers_cooperative",
    "N1": "rural_collective",
    "N2": "rural_collective",
    "N3": "rural_collective",
}
ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
TOWNSHIP_CLASSES = ((99, "street"), (199, "town"), (399, "township"), (599, "quasi"))
VILLAGE_CLASSES = (
    (199, "residents_committee"),
    (399, "village_committee"),
    (499, "quasi_residents"),
    (599, "quasi_village"),
)

_VARIANT_PAIRS = (
    "張张劉刘陳陈楊杨趙赵黃黄吳吴孫孙馬马羅罗鄭郑謝谢許许馮冯蔣蒋葉叶鍾钟盧卢陸陆龍龙萬万賀贺錢钱譚谭鄒邹賴赖龔龚"
    "蘇苏齊齐閻阎蕭萧華华國国軍军強强東东偉伟麗丽紅红蘭兰鳳凤蓮莲榮荣貴贵財财寶宝慶庆豐丰順顺義义禮礼興兴學学書书"
    "雲云飛飞潔洁靜静燈灯樹树長长壽寿漢汉濤涛寧宁廣广業业農农歸归來来"
)
VARIANTS = dict(zip(_VARIANT_PAIRS[::2], _VARIANT_PAIRS[1::2], strict=True))
_VARIANT_TABLE = str.maketrans(VARIANTS)
LOOK_ALIKE_SURNAMES = frozenset(frozenset(pair) for pair in ("闫阎", "肖萧", "付傅", "代戴", "丘邱", "侯候"))


def normalize_code(value: str | None) -> str:
    """NFKC, without spaces and hyphens, upper case."""
    if value and value.isascii() and value.isalnum():
        return value.upper()  # most numbers are typed as they are
    return SPACES_AND_HYPHENS.sub("", unicodedata.normalize("NFKC", value or "")).upper()


def _day(as_of: Any) -> date | None:
    if as_of is None or type(as_of) is date:
        return as_of
    return to_date(as_of)


# --- resident identity number --------------------------------------------------------------------------------


@dataclass(frozen=True)
class ResidentId(Result):
    """A judged identity number; ``normalized`` has 18 characters, ``sex`` is M or F."""

    valid: bool
    kind: str | None
    reason: str | None
    normalized: str | None
    birth_date: date | None
    sex: str | None
    warnings: tuple[str, ...] = ()


def _birth_date(digits: str) -> date | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return None


def _kind_by_prefix(number: str) -> str | None:
    """ID18, HMT18 or FPR18 by the first places of 18 characters; None for an unknown province."""
    if number[0] == "9":
        return "FPR18" if number[1:3] in PROVINCES else None
    if number[:2] not in PROVINCES:
        return None
    return "HMT18" if number[:2] in PERMIT_PREFIXES else "ID18"


def _resident_id_reason(text: str, as_of: date | None) -> str | None:  # noqa: PLR0911 - one return per reason
    """The first reason against a cleaned number, in the handbook's order; None when it stands."""
    if len(text) not in (15, 18):
        return "LENGTH"
    old = len(text) == 15
    if not (DIGITS if old else ID18).fullmatch(text):
        return "CHARSET"
    if (text[:2] not in PROVINCES) if old else (_kind_by_prefix(text) is None):
        return "PROVINCE"
    if old and int(text[12:]) in CENTENARIAN_SERIES:
        return "CENTENARIAN"
    born = _birth_date("19" + text[6:12] if old else text[6:14])
    if born is None:
        return "DATE"
    if as_of is not None and born > as_of:
        return "FUTURE"
    if as_of is not None and completed_years(born, as_of) > OLDEST_YEARS:
        return "TOO_OLD"
    if not old and ric.calc_check_digit(text) != text[17]:
        return "CHECKSUM"
    return None


def check_resident_id(value: str | None, as_of: Any = None) -> ResidentId:
    """Judge an 18- or old 15-digit resident identity number (公民身份号码, handbook §6.1)."""
    text = normalize_code(value)
    reason = _resident_id_reason(text, _day(as_of))
    if reason:
        return ResidentId(False, None, reason, None, None, None)
    if len(text) == 15:
        longer = text[:6] + "19" + text[6:]
        kind, text, warnings = "ID15", longer + ric.calc_check_digit(longer + "0"), ("LEGACY15",)
    else:
        kind, warnings = _kind_by_prefix(text), ()
    sex = "M" if int(text[16]) % 2 else "F"
    return ResidentId(True, kind, None, text, _birth_date(text[6:14]), sex, warnings)


check_id = check_resident_id


# --- other numbers -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SocialCreditCode(Result):
    """A judged unified social credit code; ``org_check`` false is only a warning."""

    valid: bool
    reason: str | None
    normalized: str | None
    category: str | None
    org_check: bool | None


def _organisation_check(code: str) -> bool:
    """The organisation code inside, places 9 to 17, has a check character of its own."""
    total = sum(weight * int(c, 36) for weight, c in zip(ORGANISATION_WEIGHTS, code[8:16], strict=True))
    return "0123456789X0"[11 - total % 11] == code[16]


def check_uscc(value: str | None) -> SocialCreditCode:
    """Judge a unified social credit code (统一社会信用代码, handbook §6.2)."""
    text = normalize_code(value)
    reason = None
    if len(text) != 18:
        reason = "LENGTH"
    elif not USCC.fullmatch(text):
        reason = "CHARSET"
    elif uscc.calc_check_digit(text[:17]) != text[17]:
        reason = "CHECKSUM"
    if reason:
        return SocialCreditCode(False, reason, None, None, None)
    return SocialCreditCode(
        True, None, text, USCC_CATEGORIES.get(text[:2], "other"), _organisation_check(text)
    )


@dataclass(frozen=True)
class MarriageCertificate(Result):
    """A judged certificate number; UNVERIFIED means: look at the paper."""

    status: str
    type: str | None
    year: int | None
    normalized: str


def check_marriage_certificate(value: str | None, as_of: Any = None) -> MarriageCertificate:
    """Judge a marriage or divorce certificate number (结婚证字号, handbook §6.2)."""
    text = re.sub(r"\s", "", DASHES.sub("-", unicodedata.normalize("NFKC", value or ""))).upper()
    match, day = MARRIAGE.fullmatch(text), _day(as_of)
    if not match or match[2] not in PROVINCES or int(match[3]) < 1950 or (day and int(match[3]) > day.year):
        return MarriageCertificate("UNVERIFIED", None, None, text)
    return MarriageCertificate("OK", MARRIAGE_TYPES[match[1]], int(match[3]), text)


@dataclass(frozen=True)
class Phone(Result):
    """A judged phone number: mobile or landline, digits only."""

    valid: bool
    kind: str | None
    normalized: str | None
    reason: str | None


def check_phone(value: str | None) -> Phone:
    """Judge a phone number (handbook §6.2); one phone may serve a family, so it is a hint and no key."""
    text = DASHES.sub("", re.sub(r"\s", "", unicodedata.normalize("NFKC", value or "")))
    text = BRACKETS.sub("", text)
    text = COUNTRY_CODE.sub("", text, count=1) if COUNTRY_CODE.match(text) else text
    if MOBILE.fullmatch(text):
        return Phone(True, "mobile", text, None)
    if LANDLINE.fullmatch(text):
        return Phone(True, "landline", text, None)
    return Phone(False, None, None, "NO_AREA_CODE" if LOCAL_PHONE.fullmatch(text) else "FORMAT")


@dataclass(frozen=True)
class AdminCode(Result):
    """A judged area code of 12 digits; classes are None above their level."""

    valid: bool
    reason: str | None
    level: str | None
    township_class: str | None
    village_class: str | None
    parent: str | None


def _class_of(number: int, classes: tuple[tuple[int, str], ...]) -> str | None:
    return next((name for last, name in classes if 0 < number <= last), None)


def _admin_code_reason(text: str) -> str | None:
    if len(text) != 12:
        return "LENGTH"
    if not DIGITS.fullmatch(text):
        return "CHARSET"
    if text[:2] not in PROVINCES:
        return "PROVINCE"
    if int(text[6:9]) > 599:
        return "TOWNSHIP"
    if int(text[9:]) > 599 or (int(text[9:]) and not int(text[6:9])):
        return "VILLAGE"
    return None


def check_admin_code(value: str | None) -> AdminCode:
    """Judge a statistical area code (统计用区划代码, handbook §6.2) and name its level, classes and parent."""
    text = normalize_code(value)
    if reason := _admin_code_reason(text):
        return AdminCode(False, reason, None, None, None, None)
    levels = (("village", 9, 12), ("township", 6, 9), ("county", 4, 6), ("prefecture", 2, 4))
    level, start = next(((n, s) for n, s, e in levels if int(text[s:e])), ("province", 0))
    parent = text[:start].ljust(12, "0") if start else None
    township, village = _class_of(int(text[6:9]), TOWNSHIP_CLASSES), _class_of(int(text[9:]), VILLAGE_CLASSES)
    return AdminCode(True, None, level, township, village, parent)


# --- names and persons ---------------------------------------------------------------------------------------


def normalize_name(value: str | None) -> str:
    """The name to search by (handbook §6.2); the name on the document is stored beside it as it is."""
    text = ZERO_WIDTH.sub("", unicodedata.normalize("NFKC", value or ""))
    if not CJK.search(text):
        return " ".join(text.split()).upper()
    text = NAME_DOTS.sub("·", re.sub(r"\s", "", text)).strip("·")
    return text.translate(_VARIANT_TABLE)


def edit_distance(a: str, b: str, at_most: int = 2) -> int:
    """Inserts, deletes, replacements and swaps of neighbours between two texts; counting stops above ``at_most``."""
    if abs(len(a) - len(b)) > at_most:
        return at_most + 1
    a, b = _without_equal_ends(a, b)
    if not a or not b:
        return len(a or b)
    if at_most == 1:  # one replacement, or two neighbours swapped
        is_one = len(a) == len(b) and (len(a) == 1 or (len(a) == 2 and a == b[::-1]))
        return 1 if is_one else 2
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, left in enumerate(a, 1):
        before, last, row = row, before, [i]
        for j, right in enumerate(b, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (left != right))
            if i > 1 and j > 1 and left == b[j - 2] and a[i - 2] == right:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
        if min(row) > at_most:
            return at_most + 1
    return row[-1]


def _without_equal_ends(a: str, b: str) -> tuple[str, str]:
    """What is left of two texts between the beginning and the end that they share: no distance lies in these."""
    shorter = min(len(a), len(b))
    start = 0
    while start < shorter and a[start] == b[start]:
        start += 1
    end = 0
    while end < shorter - start and a[-1 - end] == b[-1 - end]:
        end += 1
    return a[start : len(a) - end], b[start : len(b) - end]


def _same_sound(a: str | None, b: str | None) -> bool:
    first, second = ("".join((sound or "").casefold().split()) for sound in (a, b))
    return bool(first) and first == second


def name_near(a: str, b: str, pinyin_a: str | None = "", pinyin_b: str | None = "") -> bool:
    """Different normalised names that differ only by a look-alike surname, or sound the same without tones."""
    if a == b or not a or not b:
        return False
    return (a[1:] == b[1:] and frozenset((a[0], b[0])) in LOOK_ALIKE_SURNAMES) or _same_sound(
        pinyin_a, pinyin_b
    )


@dataclass(frozen=True)
class MatchJudgement(Result):
    """SAME, PROBABLE, POSSIBLE, CONFLICT or DIFFERENT, and the rule that said so."""

    outcome: str
    rule: str


@dataclass(frozen=True)
class Record:
    """One record as the rules see it: number and phone judged, the name normalised."""

    name: str
    pinyin: str
    typed: str
    number: str | None
    born: date | None
    phone: str | None
    village: str

    @classmethod
    def of(cls, given: Mapping[str, Any], as_of: date | None) -> Record:
        judged = check_resident_id(given.get("id_no"), as_of)
        born = given.get("birth_date") or None
        return cls(
            name=normalize_name(given.get("name")),
            pinyin=given.get("name_pinyin") or "",
            typed=normalize_code(given.get("id_no")),
            number=judged.normalized,
            born=judged.birth_date if judged.valid else (to_date(born) if born else None),
            phone=check_phone(given.get("phone")).normalized,
            village=given.get("village_code") or "",
        )


def _by_number(a: Record, b: Record, equal: bool, near: bool) -> MatchJudgement | None:
    """Rules R1 to R5: what the numbers say, if they say anything."""
    if a.number and b.number:
        if a.number != b.number:
            return MatchJudgement("DIFFERENT", "R3")
        if equal or near:
            return MatchJudgement("SAME", "R1") if equal else MatchJudgement("PROBABLE", "R1N")
        return MatchJudgement("CONFLICT", "R2")
    valid, typed = (a.number, b.typed) if a.number else (b.number, a.typed)
    if valid and typed and (equal or near) and edit_distance(valid, typed, 1) <= 1:
        return MatchJudgement("PROBABLE", "R4") if equal else MatchJudgement("POSSIBLE", "R4N")
    if not valid and a.typed and a.typed == b.typed and equal:
        return MatchJudgement("PROBABLE", "R5")
    return None


def compare(a: Mapping[str, Any], b: Mapping[str, Any], as_of: Any = None) -> MatchJudgement:
    """Are two records one person? The first rule of handbook §6.3 that fits.

    A record has ``id_no``, ``name``, ``name_pinyin`` (toneless), ``birth_date``, ``phone``, ``village_code``.
    """
    day = _day(as_of)
    return compare_records(Record.of(a, day), Record.of(b, day))


def compare_records(left: Record, right: Record) -> MatchJudgement:
    """What :func:`compare` says of two records that are judged already: one side is often compared with many."""
    equal = bool(left.name) and left.name == right.name
    near = name_near(left.name, right.name, left.pinyin, right.pinyin)
    if judged := _by_number(left, right, equal, near):
        return judged
    same_phone = left.phone is not None and left.phone == right.phone
    same_place = same_phone or (left.village != "" and left.village == right.village)
    born_known = left.born is not None and right.born is not None
    same_birth = born_known and left.born == right.born
    if equal and same_birth and same_place:
        return MatchJudgement("PROBABLE", "R6")
    if equal and same_phone and not (born_known and not same_birth):
        return MatchJudgement("POSSIBLE", "R7")
    if near and same_birth and same_place:
        return MatchJudgement("POSSIBLE", "R7N")
    return MatchJudgement("DIFFERENT", "R8")
