"""What one cell says: names, numbers, phones, dates, money, land, livestock, groups, sex, remarks.

Every reader keeps what was typed, says what it understood, and names the damage it met as flags. Nothing is corrected:
an identity number that fails its check stays as typed, and what could be told from it stands beside it as a hint.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from customers.ledgers.identity import normalize_name, valid_resident_id
from customers.ledgers.text import (
    NUMERAL_CHARACTERS,
    as_text,
    compact,
    is_placeholder,
    numeral,
    simplified,
)

remembered = lru_cache(maxsize=20_000, typed=True)
"""A column says the same over and over; 1 and 1.0 are two cells. What is returned is read and never changed."""

# --- names -----------------------------------------------------------------------------------------------------------

NAME_NOTES = {
    "代", "代办", "代取", "代存", "代领", "代签", "代理", "代开", "本人", "户主", "户", "故", "已故", "亡", "去世",
    "死亡", "大", "小", "老", "新", "旧", "男", "女",
    "转", "注销", "销户", "迁", "迁出", "外出", "妻", "夫", "子", "女儿", "儿子", "父", "母", "社员", "担保", "保",
    "复", "补", "同名", "重", "重名",
}  # fmt: skip
RELATIVE_SUFFIX = re.compile(
    r"(的)?(爱人|老婆|媳妇|妻子|丈夫|老公|对象|内人|之妻|之夫|之子|之女|之母|之父|儿子|女儿|儿媳|母亲|父亲|家属|老伴|屋里人|家里人|家的)$"
)
BRACKETED = re.compile(r"[(\[{<【〔《「『](.*?)[)\]}>】〕》」』]|[(\[{<【〔《「『].*$")
ALIAS_WORD = re.compile(r"(又名|曾用名|小名|外号|绰号|别名|原名|人称|俗称|乳名|又叫)[::]?")
NAME_MARKS = re.compile(r"[?？*＊#!！,，;；:：、。.\-_~^'\"`‘’“”|\\+=&@]+")
HONORIFIC = re.compile(
    r"(?<=..)(同志|先生|女士|小姐|师傅|老师|大爷|大娘|大妈|大叔|大哥|大姐|老汉|老人|本人)$"
)
HAN = "\u3400-\u9fff\U00020000-\U0003ffff\u3007"
LETTER, HAN_SIGN, GAPS_AND_DIGITS = re.compile(r"[^\W\d_]"), re.compile(f"[{HAN}]"), re.compile(r"[\s\d]+")
MARRIED_STYLE = re.compile(f"[{HAN}]{{1,3}}氏")


@dataclass(frozen=True)
class NameReading:
    """A name cell: as typed, the bare name, the normalised form that is compared, aliases and notes beside it."""

    typed: str = ""
    name: str = ""
    key: str = ""
    aliases: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    is_married_style: bool = False
    is_relative_of: str = ""
    variants: tuple[str, ...] = ()

    @property
    def is_known(self) -> bool:
        return bool(self.key)


@remembered
def read_name(value: object) -> NameReading:
    """Read a name cell: gaps, marks, brackets, suffixes such as （代）, 王氏 style, traditional characters."""
    typed = as_text(value)
    if not LETTER.search(typed) or is_placeholder(typed):
        return NameReading(typed=typed)
    bracketed = [match.group(0).strip("()[]{}<>【】〔〕《》「」『』") for match in BRACKETED.finditer(typed)]
    bare = NAME_MARKS.sub(" ", BRACKETED.sub(" ", typed)).strip()
    notes, aliases = [], []
    for inside in bracketed:
        part = ALIAS_WORD.sub("", inside).replace(" ", "")
        (notes if simplified(part) in NAME_NOTES or not part else aliases).append(part)
    if ALIAS_WORD.search(bare):
        bare, _, alias = bare.partition(ALIAS_WORD.search(bare).group(0))
        aliases.append(alias.strip())
    if HAN_SIGN.search(bare):
        bare = GAPS_AND_DIGITS.sub("", bare)
    if match := HONORIFIC.search(bare):
        notes, bare = [*notes, match.group(0)], bare[: match.start()]
    relative_of = ""
    if match := RELATIVE_SUFFIX.search(bare):
        if match.start() >= 2:
            relative_of, notes = normalize_name(bare[: match.start()]), [*notes, match.group(0)]
    elif len(bare) == 4 and bare[-1] in "户戶家":
        notes.append(bare[-1])
        bare = bare[:-1]
    key = normalize_name(bare)
    variants = {key[:-1]} if len(key) == 3 and key[-1] in "户家大小" else set()
    return NameReading(
        typed=typed,
        name=bare,
        key=key,
        aliases=tuple(alias for alias in aliases if alias),
        notes=tuple(note for note in notes if note),
        is_married_style=bool(MARRIED_STYLE.fullmatch(bare)),
        is_relative_of=relative_of,
        variants=tuple(sorted(variants)),
    )


# --- identity numbers ------------------------------------------------------------------------------------------------

ID_NOISE = re.compile(r"[\s\-‐‑–—'\"`‘’“”´.·*,;:]+")
ID_WORDS = re.compile("[(\\[].*?[)\\]]|[\u3400-\u9fff]+")
ID_QUOTES = re.compile(r"^['\"`‘’“”´\s]+|['\"`‘’“”´\s]+$")
ID_LETTERS = str.maketrans({
    "O": "0", "o": "0", "Q": "0", "D": "0", "I": "1", "l": "1", "i": "1", "L": "1", "|": "1", "!": "1", "Z": "2",
    "z": "2", "S": "5", "s": "5", "B": "8", "G": "6", "〇": "0", "○": "0",
})  # fmt: skip
SCIENTIFIC = re.compile(r"^(\d)(?:\.(\d+))?[eE]\+?(\d{1,2})$")
MASKED = re.compile(r"(\d{3,})[*＊]{2,}(\d*X?)")
FULL_WIDTH = re.compile("[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]")
QUOTE_MARK, GAP, LOWER_X = re.compile("['\"`‘’“”´]"), re.compile(r"\s"), re.compile("[x×✕]$")
EXACT_DIGITS = 15  # a spreadsheet's number keeps fifteen digits


@dataclass(frozen=True)
class IdReading:
    """An identity number cell.

    ``number`` is the valid eighteen-character number or empty; ``cleaned`` is what was typed without its noise;
    ``prefix`` and ``suffix`` are digits known to be right at either end; ``guess`` is a valid number one slip away
    that the damage itself suggests. A guess is evidence for a review, never a number.
    """

    typed: str = ""
    cleaned: str = ""
    number: str = ""
    prefix: str = ""
    suffix: str = ""
    guess: str = ""
    flags: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not self.cleaned


@remembered
def read_id(value: object, *, as_of: date | None = None) -> IdReading:
    """Read an identity number in whatever state the spreadsheet left it; ``as_of`` bounds the birth date."""
    raw = str(value) if isinstance(value, str) else as_text(value)
    typed = as_text(value)
    if is_placeholder(typed):
        return IdReading(typed=typed)
    unquoted = ID_QUOTES.sub("", typed)
    if isinstance(value, (int, float, Decimal)) or SCIENTIFIC.match(unquoted):
        return _read_numeric_id(value, unquoted, as_of)
    flags = [flag for flag, seen in _surface_damage(raw, typed) if seen]
    bare = ID_NOISE.sub("", ID_WORDS.sub("", typed))
    cleaned = bare.replace("×", "X").replace("✕", "X").upper()
    if not re.search(r"\d", cleaned):
        return IdReading(typed=typed, flags=("NOT_A_NUMBER",))
    if number := valid_resident_id(cleaned, as_of):
        flags += ["LEGACY15"] if len(cleaned) == 15 else []
        flags += ["PRECISION_SUSPECT"] if cleaned.endswith("000") else []
        return IdReading(typed, cleaned, number, number, number, "", tuple(flags))
    return _with_damage(typed, cleaned, flags, as_of)


def _surface_damage(raw: str, typed: str) -> list[tuple[str, bool]]:
    return [
        ("FULL_WIDTH", bool(FULL_WIDTH.search(raw))),
        ("QUOTE_MARK", bool(QUOTE_MARK.search(typed))),
        ("SPACES", bool(GAP.search(raw))),
        ("LOWER_X", bool(LOWER_X.search(typed.strip()))),
    ]


def _read_numeric_id(value: object, typed: str, as_of: date | None) -> IdReading:
    """A number the spreadsheet took for a figure: six digits survive as text, fifteen in the cell."""
    if match := SCIENTIFIC.match(typed):
        head = match.group(1) + (match.group(2) or "")
        length = int(match.group(3)) + 1
        known = head[: min(len(head), EXACT_DIGITS, length)]
        known = known.rstrip("0") if len(head) <= EXACT_DIGITS and length > len(head) else known
        return IdReading(typed, typed.upper(), prefix=known, flags=("SCIENTIFIC",))
    digits = re.sub(r"\D", "", typed)
    if len(digits) <= EXACT_DIGITS:
        number = valid_resident_id(digits, as_of)
        flags = ("AS_NUMBER", "LEGACY15") if number and len(digits) == 15 else ("AS_NUMBER",)
        if number:
            return IdReading(typed, digits, number, number, number, "", flags)
        return _with_damage(typed, digits, list(flags), as_of)
    return IdReading(typed, digits, prefix=digits[:EXACT_DIGITS], flags=("AS_NUMBER", "PRECISION_LOST"))


def _with_damage(typed: str, cleaned: str, flags: list[str], as_of: date | None) -> IdReading:
    """Name the damage of a number that fails its check, and what is still sure of it."""
    repaired = cleaned.translate(ID_LETTERS)
    if repaired != cleaned and (number := valid_resident_id(repaired, as_of)):
        return IdReading(typed, cleaned, guess=number, flags=(*flags, "LETTER_FOR_DIGIT"))
    prefix = suffix = guess = ""
    if re.fullmatch(r"\d{15}000", cleaned):
        flags, prefix = [*flags, "PRECISION_LOST"], cleaned[:EXACT_DIGITS]
    elif match := MASKED.search(typed.upper()):
        flags, prefix, suffix = [*flags, "MASKED"], match.group(1), match.group(2)
    elif re.fullmatch(r"\d{13,16}|\d{16}X|\d{17}", cleaned) or re.fullmatch(r"\d{13,16}X", cleaned):
        kind, prefix, suffix = _lost_end(cleaned, as_of)
        flags = [*flags, kind]
        guess = _completed(cleaned, as_of) if len(cleaned) == 17 else ""
    elif len(cleaned) == 18:
        flags = [*flags, "CHECK_FAILED"]
    else:
        flags = [*flags, "LENGTH"]
    return IdReading(typed, cleaned, "", prefix, suffix, guess, tuple(flags))


def _lost_end(cleaned: str, as_of: date | None) -> tuple[str, str, str]:
    """Did the number lose digits at the front or at the end? The birth date tells."""
    latest = (as_of or date(2100, 1, 1)).year

    def plausible(text: str) -> bool:
        year, month, day = text[6:10], text[10:12], text[12:14]
        return bool(
            year.isdigit() and 1900 <= int(year) <= latest and month.isdigit() and 1 <= int(month) <= 12
        ) and (not day or (day.isdigit() and 1 <= int(day) <= 31))

    if plausible(cleaned):
        return "LOST_TRAILING", cleaned, ""
    missing = 18 - len(cleaned)
    if plausible("0" * missing + cleaned):
        return "LOST_LEADING", "", cleaned
    return "LOST_DIGITS", "", ""


def _completed(cleaned: str, as_of: date | None) -> str:
    """Return the only valid number that one more character at either end makes, if there is just one."""
    options = {valid_resident_id(digit + cleaned, as_of) for digit in "12345"}
    options |= (
        {valid_resident_id(cleaned + digit, as_of) for digit in "0123456789X"}
        if cleaned[-1] != "X"
        else set()
    )
    options.discard("")
    return options.pop() if len(options) == 1 else ""


# --- phones ----------------------------------------------------------------------------------------------------------

COUNTRY_CODE = re.compile(
    r"(?<!\d)(?:\+\s*86|0086)[\s-]*|(?<!\d)86[\s-]*(?=(?:1[3-9]|0)(?:[\s-]*\d){9,10}(?!\d))"
)
MOBILE = re.compile(r"(?<!\d)1[3-9](?:[\s-]?\d){9}(?!\d)")
LANDLINE = re.compile(r"(?<!\d)0[1-9]\d{1,2}[\s-]?[2-9](?:[\s-]?\d){6,7}(?!\d)")
LOCAL = re.compile(r"(?<!\d)[2-9]\d{6,7}(?!\d)")
DASHES, PHONE_BRACKETS, NO_DIGIT = re.compile("[‐‑–—]"), re.compile(r"[(){}\[\]]"), re.compile(r"\D")


@dataclass(frozen=True)
class PhoneReading:
    """The phones of a cell in their plain form, mobile first, and what could not be read."""

    typed: str = ""
    mobiles: tuple[str, ...] = ()
    landlines: tuple[str, ...] = ()
    unreadable: str = ""

    @property
    def numbers(self) -> tuple[str, ...]:
        return self.mobiles + self.landlines


@remembered
def read_phones(value: object) -> PhoneReading:
    """Read every phone of a cell; a landline without its area code is kept as it is."""
    typed = as_text(value)
    typed = typed[:-2] if typed.endswith(".0") else typed
    if is_placeholder(typed):
        return PhoneReading(typed=typed)
    text = COUNTRY_CODE.sub("", PHONE_BRACKETS.sub("", DASHES.sub("-", typed)))
    mobiles, text = _taken(MOBILE, text)
    landlines, text = _taken(LANDLINE, text)
    local, text = _taken(LOCAL, text)
    rest = re.sub(r"[\s\-/;,、;|和或]+", "", text)
    return PhoneReading(typed, mobiles, landlines + local, rest)


def _taken(pattern: re.Pattern, text: str) -> tuple[tuple[str, ...], str]:
    found = pattern.findall(text)
    if not found:
        return (), text
    return tuple(dict.fromkeys(NO_DIGIT.sub("", match) for match in found)), pattern.sub(" / ", text)


LONG_NUMBER = re.compile(r"\d(?:[\s-]?\d){9}")
STRAY_ID = re.compile(r"(?<!\d)[1-9]\d{16}[\dxX](?![\dxX])")


@remembered
def strays_in(value: object) -> tuple[str, tuple[str, ...]]:
    """Return an identity number and mobiles written into a cell that is about something else, a name or an address."""
    text = as_text(value)
    if not LONG_NUMBER.search(text):
        return "", ()
    found = STRAY_ID.search(text)
    rest = STRAY_ID.sub(" / ", text)
    return (found.group(0) if found else ""), _taken(MOBILE, COUNTRY_CODE.sub("", rest))[0]


# --- dates -----------------------------------------------------------------------------------------------------------

ERA = re.compile(r"^(?:中华)?民国|^(?:roc|r\.?o\.?c\.?)\s*", re.IGNORECASE)
EXCEL_EPOCH = date(1899, 12, 30)
SERIAL_RANGE = (3653, 73050)  # 1910 to 2099
REPUBLIC_OFFSET = 1911


@dataclass(frozen=True)
class DateOption:
    """One way to read a date cell. ``precision`` is day, month or year; ``form`` names how it was written."""

    day: date
    precision: str
    form: str


@remembered
def date_options(value: object) -> list[DateOption]:  # noqa: PLR0911 - one return per shape
    """Return every sound way to read a cell as a date, the plainest first."""
    if isinstance(value, datetime):
        return [DateOption(value.date(), "day", "cell")]
    if isinstance(value, date):
        return [DateOption(value, "day", "cell")]
    text = compact(value)
    if is_placeholder(text) and text != "0":
        return []
    text = re.split(r"(?<=\d)[T\s]\d{1,2}:\d{2}|\d{1,2}:\d{2}(?::\d{2})?$", as_text(value))[0].replace(
        " ", ""
    )
    text = simplified(text).rstrip(".。、-/")
    if ERA.match(text):
        return _parts_options(ERA.sub("", text), "republic")
    if re.fullmatch(r"\d+", text):
        return _digit_options(text)
    if re.fullmatch(r"\d{4,5}\.0+", text):
        return _digit_options(text.split(".")[0])
    return _parts_options(text, "")


def _digit_options(text: str) -> list[DateOption]:
    number = int(text)
    options = []
    if len(text) == 8:
        options += _made(number // 10000, number // 100 % 100, number % 100, "compact")
        options += _made(number % 10000, number // 100 % 10000 // 100, number // 1000000, "compact")
    if len(text) == 5 and SERIAL_RANGE[0] <= number <= SERIAL_RANGE[1]:
        options.append(DateOption(EXCEL_EPOCH + timedelta(days=number), "day", "serial"))
    if len(text) == 4 and 1900 <= number <= 2100:
        options += _made(number, None, None, "year")
    if len(text) == 6:
        if 1900 <= number // 100 <= 2100:
            options += _made(number // 100, number % 100, None, "compact")
        options += _short_year(number // 10000, number // 100 % 100, number % 100, "compact2")
    if len(text) == 7:  # 0950317 or 1000427: the Republic calendar without marks
        options += _made(number // 10000 + REPUBLIC_OFFSET, number // 100 % 100, number % 100, "republic")
    return options


CHINESE_PART = re.compile(rf"[{NUMERAL_CHARACTERS}]+|\d+")


def _parts_options(text: str, form: str) -> list[DateOption]:  # noqa: PLR0911 - one return per shape
    text = re.sub(r"(年)?(闰)?正月", r"年1月", text) if "正月" in text else text
    text = re.sub(
        r"(?<=[一二三四五六七八九零〇])[0oO]+(?=[一二三四五六七八九零〇年])",
        lambda m: "〇" * len(m.group(0)),
        text,
    )
    text = text.replace("元月", "1月").replace("初", "").replace("号", "日").replace("元年", "1年")
    if not re.fullmatch(
        rf"[\d{NUMERAL_CHARACTERS}]+(?:[年月日份./\-、,\\~至_]+[\d{NUMERAL_CHARACTERS}]*)*", text
    ):
        return []
    raw = CHINESE_PART.findall(text)
    parts = [numeral(part) for part in raw]
    if not raw or None in parts or len(parts) > 3:
        return []
    year, month, day = (*parts, None, None)[:3]
    if form == "republic":
        return _made(year + REPUBLIC_OFFSET, month, day, "republic")
    if len(parts) == 1 and "年" not in text:
        return []
    if year >= 1000:
        return _made(year, month, day, "full")
    if len(parts) == 3 and day and day >= 1000:  # day first, as in 24/03/2005
        return _made(day, month, year, "day_first") + _made(day, year, month, "month_first")
    if len(parts) < 3 and "年" not in text and len(raw[0]) < 2:
        return []
    if 80 <= year < 200 and (len(raw[0]) == 3):
        return _made(year + REPUBLIC_OFFSET, month, day, "republic")
    return _short_year(year, month, day, "short") if year < 100 else []


def _short_year(year: int, month: int | None, day: int | None, form: str) -> list[DateOption]:
    options = []
    for base, name in ((2000, form), (1900, form), (REPUBLIC_OFFSET, "republic_short")):
        options += _made(base + year, month, day, name)
    return options


def _made(year: int, month: int | None, day: int | None, form: str) -> list[DateOption]:
    precision = "day" if day else "month" if month else "year"
    try:
        return [DateOption(date(year, month or 1, day or 1), precision, form)] if 1850 <= year <= 2150 else []
    except ValueError:
        return []


def choose_date(
    options: list[DateOption], earliest: date, latest: date, *, prefer: str = ""
) -> DateOption | None:
    """Take the reading that falls into the period; a preferred form goes first, then the plainest."""
    fitting = [option for option in options if earliest <= option.day <= latest]
    fitting.sort(key=lambda option: option.form != prefer)
    return fitting[0] if fitting else None


# --- money, land, livestock, counts ----------------------------------------------------------------------------------

NOTHING = {
    "无", "没有", "没", "无欠", "无债", "无欠款", "无负债", "不欠", "零", "0", "0元", "00", "0.00", "0.0",
    "无外欠", "无贷款", "无借款", "无债务", "未欠", "未借", "没欠", "nil", "none",
}  # fmt: skip
UNKNOWN_AMOUNT = {"不详", "不明", "未知", "待查", "待补", "不清", "-", "--", "—", "/", "?", "未查", "暂缺"}
CIRCA = re.compile(
    r"(大约|大概|约合|约|近|估计|估|左右|上下|余|多|以上|±|~|≈|人民币|rmb|¥|¥|\$)", re.IGNORECASE
)
SOURCE_WORDS = (
    ("own", ("社里", "信用社", "本社", "我社", "社内", "农信", "信用联社")),
    ("other_bank", ("他行", "外行", "银行", "农行", "建行", "工行", "邮储", "邮政", "村镇")),
    ("private", ("亲戚", "亲友", "朋友", "邻居", "私人", "民间", "个人", "兄弟", "高利")),
)


@dataclass(frozen=True)
class MoneyReading:
    """An amount in yuan. ``amount`` is None when nothing is known; zero when the cell says there is none."""

    typed: str = ""
    amount: Decimal | None = None
    is_approximate: bool = False
    source: str = ""

    @property
    def is_known(self) -> bool:
        return self.amount is not None


@remembered
def read_money(value: object, *, unit: Decimal = Decimal(1)) -> MoneyReading:
    """Read yuan: ``1,340.03``, ``39600元``, ``约3.1万``, ``1万6``, ``两万三``, ``借亲戚5400``, ``没有``.

    ``unit`` is what the header says (万元 → 10,000). It holds for bare figures that are small enough to have been
    written in it; a bare figure of thousands under such a header was written in yuan.
    """
    typed = as_text(value)
    text = simplified(typed.replace(" ", "")).lower()
    if not text or text in UNKNOWN_AMOUNT:
        return MoneyReading(typed)
    if text in NOTHING:
        return MoneyReading(typed, Decimal(0))
    source = next((name for name, words in SOURCE_WORDS if any(word in text for word in words)), "")
    text = re.sub(r"(?<=\d)[wW](?=\d?元?$)", "万", text)
    approximate = bool(CIRCA.search(text) or RANGE.search(text))
    match = AMOUNT.search(CIRCA.sub("", text).replace(",", ""))
    if not match or RANGE.search(text):  # between two figures nobody can say which
        return MoneyReading(typed, None, approximate, source)
    amount = _amount_in(match.group(0))
    if (
        amount is not None
        and unit != 1
        and re.fullmatch(r"-?\d+(\.\d+)?元?", match.group(0))
        and amount < 1000
    ):
        amount *= unit
    return MoneyReading(typed, amount, approximate, source)


RANGE = re.compile(r"\d万?[-~～至到—]+\d")
AMOUNT = re.compile(
    rf"-?[\d.{NUMERAL_CHARACTERS}]+(?:[万千百十億亿][\d.{NUMERAL_CHARACTERS}]*)*半?(?:元|块)?"
)
SCALES = (("亿", Decimal(10**8)), ("万", Decimal(10**4)), ("千", Decimal(1000)), ("百", Decimal(100)))


def _amount_in(text: str) -> Decimal | None:
    """Return the figure of ``1万6``, ``2万3千``, ``3.1万``, ``5千``, ``两万三``, ``一百二十``."""
    text = text.replace("元", "").replace("块", "").replace("億", "亿")
    sign, text = (-1, text[1:]) if text.startswith("-") else (1, text)
    for mark, size in SCALES:
        if mark not in text:
            continue
        head, _, tail = text.partition(mark)
        high = _figure(head) if head else Decimal(1)
        if high is None:
            return None
        return sign * (high * size + _tail(tail, size))
    figure = _figure(text)
    return sign * figure if figure is not None else None


def _tail(tail: str, size: Decimal) -> Decimal:
    """What stands behind 万: a single digit counts the next lower unit (1万6 is 16,000), more digits are yuan."""
    if not tail:
        return Decimal(0)
    if tail == "半":
        return size / 2
    if len(tail) == 1 and (digit := numeral(tail)) is not None and tail not in "十百千":
        return digit * size / 10
    return _amount_in(tail) or Decimal(0)


def _figure(text: str) -> Decimal | None:
    half = Decimal("0.5") if text.endswith("半") else Decimal(0)
    text = text.removesuffix("半")
    try:
        return Decimal(text) + half
    except InvalidOperation:
        whole = numeral(text)
        return Decimal(whole) + half if whole is not None else None


@dataclass(frozen=True)
class LandReading:
    """Land in mu, and the parts when the cell names them (田 paddy, 地 dry land)."""

    typed: str = ""
    mu: Decimal | None = None
    parts: dict[str, Decimal] = field(default_factory=dict)
    is_approximate: bool = False


LAND_PART = re.compile(
    r"(水田|旱地|田|地|山林|林地|山地|茶园|菜地|荒地|承包地|塘)([\d.NUM]+)亩?(?:([\dNUM])分)?(半)?".replace(
        "NUM", NUMERAL_CHARACTERS
    )
)
LAND_WHOLE = re.compile(r"([\d.NUM]+)(?:亩|畝)?(半)?(?:([\dNUM])分)?(半)?".replace("NUM", NUMERAL_CHARACTERS))
LAND_PIECE = re.compile(r"([\d.NUM]+)亩(?![\dNUM半])".replace("NUM", NUMERAL_CHARACTERS))
LAND_FEN = re.compile(r"^([\dNUM]+)分(地|田)?$".replace("NUM", NUMERAL_CHARACTERS))


@remembered
def read_land(value: object) -> LandReading:
    """Read mu of land: ``9亩5分``, ``九亩半``, ``田6亩地3亩``, ``约15亩``, ``16.5``."""
    typed = as_text(value)
    text = simplified(typed.replace(" ", "")).replace("畝", "亩")
    if not text or text in UNKNOWN_AMOUNT:
        return LandReading(typed)
    if text in NOTHING or text in {"无地", "没地", "0亩"}:
        return LandReading(typed, Decimal(0))
    approximate = bool(CIRCA.search(text))
    text = CIRCA.sub("", text)
    if match := LAND_FEN.match(text):
        return LandReading(typed, Decimal(numeral(match.group(1)) or 0) / 10, {}, approximate)
    parts: dict[str, Decimal] = {}
    for name, whole, fen, half in LAND_PART.findall(text):
        size = _mu(whole, fen, half)
        if size is not None and name != "塘":
            parts[name] = parts.get(name, Decimal(0)) + size
    if parts:
        return LandReading(typed, sum(parts.values(), Decimal(0)), parts, approximate)
    pieces = [_figure(piece) for piece in LAND_PIECE.findall(text)]
    if len(pieces) > 1 and None not in pieces:
        return LandReading(typed, sum(pieces, Decimal(0)), {}, approximate)
    match = LAND_WHOLE.match(text)
    size = _mu(match.group(1), match.group(3), match.group(2) or match.group(4)) if match else None
    return LandReading(typed, size, {}, approximate)


def _mu(whole: str, fen: str | None, half: str | None) -> Decimal | None:
    size = _figure(whole)
    if size is None:
        return None
    return size + (Decimal(numeral(fen) or 0) / 10 if fen else 0) + (Decimal("0.5") if half else 0)


ANIMALS = {
    "猪": "pigs", "母猪": "pigs", "肉猪": "pigs", "仔猪": "pigs", "牛": "cattle", "黄牛": "cattle",
    "水牛": "cattle", "奶牛": "cattle", "羊": "sheep", "山羊": "sheep", "绵羊": "sheep",
    "鸡": "chickens", "鸭": "ducks", "鹅": "geese", "兔": "rabbits", "驴": "donkeys", "马": "horses",
    "骡": "mules", "鱼塘": "pond_mu", "塘": "pond_mu", "鱼": "pond_mu", "蜂": "bees",
}  # fmt: skip
ANIMAL = re.compile(
    "("
    + "|".join(sorted(ANIMALS, key=len, reverse=True))
    + r")[::]?(约)?([\d.NUM]+)".replace("NUM", NUMERAL_CHARACTERS)
)
ANIMAL_AFTER = re.compile(
    r"([\d.NUM]+)(?:头|只|匹|条|亩|口|箱)?(ANIMALS)".replace("NUM", NUMERAL_CHARACTERS).replace(
        "ANIMALS", "|".join(sorted(ANIMALS, key=len, reverse=True))
    )
)


@dataclass(frozen=True)
class LivestockReading:
    """Animals by kind; ``counts`` is None when nothing is known, empty when there are none."""

    typed: str = ""
    counts: dict[str, Decimal] | None = None


def read_livestock(value: object) -> LivestockReading:
    """Read lists such as ``猪24头，牛2，羊31只`` or ``牛4头/鸭195只``; 没有 is a fact, an empty cell is not."""
    typed = as_text(value)
    text = simplified(typed.replace(" ", ""))
    if not text or text in UNKNOWN_AMOUNT:
        return LivestockReading(typed)
    if text in NOTHING:
        return LivestockReading(typed, {})
    found = [(name, count) for name, _, count in ANIMAL.findall(text)]
    if not found:
        found = [(name, count) for count, name in ANIMAL_AFTER.findall(text)]
    counts: dict[str, Decimal] = {}
    for name, count in found:
        if (figure := _figure(count)) is not None:
            counts[ANIMALS[name]] = counts.get(ANIMALS[name], Decimal(0)) + figure
    return LivestockReading(typed, counts or None)


@remembered
def read_count(value: object) -> int | None:
    """Read a head count: ``4``, ``4人``, ``四口``."""
    text = simplified(compact(value)).removesuffix(".0")
    match = re.match(rf"^约?(\d{{1,3}}|[{NUMERAL_CHARACTERS}]{{1,3}})(人|口|个|岁|周岁|口人|名)?$", text)
    return numeral(match.group(1)) if match else None


GROUP_WORDS = "村民小组|居民小组|村民组|居民组|生产小组|生产队|小组|小队|组|队|社|屯"
GROUP = re.compile(rf"第?([\d{NUMERAL_CHARACTERS}]{{1,4}})(?:{GROUP_WORDS})$")


@remembered
def read_group(value: object) -> int | None:
    """Read the number of a villagers' group: ``三组``, ``第七村民组``, ``7队``, ``05``."""
    text = simplified(compact(value)).removesuffix(".0").lstrip("第")
    if re.fullmatch(rf"\d{{1,3}}|[{NUMERAL_CHARACTERS}]{{1,4}}", text):
        return numeral(text) or None
    match = GROUP.search(text)
    return (numeral(match.group(1)) or None) if match else None


SEXES = {
    "男": "M", "女": "F", "m": "M", "f": "F", "1": "M", "2": "F", "male": "M", "female": "F", "先生": "M",
    "女士": "F", "♂": "M", "♀": "F", "0": "F", "男性": "M", "女性": "F", "boy": "M", "girl": "F",
}  # fmt: skip


@remembered
def read_sex(value: object) -> str:
    """Return M, F or empty. Codes 1 and 2 are the national ones; 0 beside 1 means a woman."""
    text = simplified(compact(value)).lower().removesuffix(".0")
    if ("男" in text) != ("女" in text) and len(text) <= 5:
        return "M" if "男" in text else "F"
    return SEXES.get(text, "")


# --- addresses -------------------------------------------------------------------------------------------------------

PROVINCE_PART = re.compile(r"^(?:中国)?[^省市县区乡镇村]{2,8}?(?:省|自治区)")
PREFECTURE_PART = re.compile(r"^[^省市县区乡镇村]{2,6}?(?:市|地区|自治州|盟)")
COUNTY_PART = re.compile(r"^[^县乡镇村组]{1,6}?(?:县|自治县|旗)")
HERE = re.compile(r"^(?:本|我)(?:镇|乡|街道|社|地)|^(?:当地)")


@dataclass(frozen=True)
class AddressReading:
    """An address without province, prefecture, county and group; what remains names township and village."""

    typed: str = ""
    place: str = ""
    county: str = ""
    group: int | None = None
    is_here: bool = False


@remembered
def read_address(value: object) -> AddressReading:
    """Split an address: ``河南省甲县乙镇丙村第三村民组`` → county 甲县, place 乙镇丙村, group 3."""
    typed = as_text(value)
    text = simplified(typed.replace(" ", "")).strip(",，.。;；、-/")
    if is_placeholder(text) and text not in {"一"}:
        return AddressReading(typed)
    county = ""
    for pattern in (PROVINCE_PART, PREFECTURE_PART, COUNTY_PART):
        if match := pattern.match(text):
            county = match.group(0) if pattern is COUNTY_PART else county
            text = text[match.end() :]
    group = None
    text = re.sub(r"\d+号(楼|院|门)?.*$", "", text)
    if match := GROUP.search(text):
        group = numeral(match.group(1)) or None
        text = text[: match.start()]
    is_here = bool(HERE.match(text))
    return AddressReading(typed, HERE.sub("", text), county, group, is_here)
