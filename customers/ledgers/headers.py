"""Which column is what: by the words of the header and by what stands beneath it.

A header word is looked up in a vocabulary (as written, without spaces and brackets, simplified, by its reading). What
stands beneath is measured: identity numbers look like identity numbers whatever the column is called. Both speak; a
word that no vocabulary knows is settled by the content, and content that contradicts a word wins over it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property, lru_cache
from itertools import pairwise

from customers.ledgers import values
from customers.ledgers.surnames import has_surname
from customers.ledgers.text import as_text, compact, is_placeholder, numeral, simplified
from customers.ledgers.vocabulary import DEFINITE, REPEATABLE, UNITS, VOCABULARY
from customers.ledgers.workbook import Cell, Row
from customers.matching.sounds import pinyin

LOOK_AHEAD = 40  # rows that titles and headers may take
SAMPLE = 150  # rows whose content is weighed
BRACKETS = re.compile(r"[(\[{【<《〔](.*?)[)\]}】>》〕]")
MIN_HEADER_CELLS = 2
LEAST_CONFIDENCE = 0.3


@dataclass(frozen=True)
class Column:
    """What a column holds: ``field`` is empty for one that is kept raw only."""

    index: int
    label: str
    field: str
    confidence: float
    unit: Decimal = Decimal(1)


@dataclass
class Header:
    """The header of a table: its rows, its columns, and the first row beneath."""

    rows: tuple[int, ...]
    columns: list[Column] = field(default_factory=list)
    labels: tuple[str, ...] = ()

    @cached_property
    def _by_field(self) -> dict[str, list[Column]]:
        found: dict[str, list[Column]] = {}
        for column in sorted(self.columns, key=lambda c: -c.confidence):
            found.setdefault(column.field, []).append(column)
        return found

    def of(self, name: str) -> list[Column]:
        """Return the columns of a field, the surest first."""
        return self._by_field.get(name, [])

    def has(self, name: str) -> bool:
        return name in self._by_field

    @cached_property
    def places(self) -> dict[str, tuple[int, ...]]:
        """Where the columns of each field stand, the surest first."""
        return {name: tuple(c.index for c in columns) for name, columns in self._by_field.items()}

    def with_fields(self, chosen: Mapping[int, str]) -> Header:
        """The header as people understand it: what they chose is certain, what they left alone stays."""
        columns = [
            replace(column, field=chosen[column.index], confidence=1.0) if column.index in chosen else column
            for column in self.columns
        ]
        return Header(self.rows, columns, self.labels)


# --- words -----------------------------------------------------------------------------------------------------------


def plain_label(value: object) -> str:
    """Return a header word without spaces, brackets, marks: ``姓 名`` → 姓名, ``余额(元)`` → 余额."""
    text = BRACKETS.sub("", as_text(value))
    return re.sub(r"[\s:：*_\-/.、,，|#№&]+", "", simplified(text)).lower()


def unit_of(value: object) -> Decimal:
    """Return the factor that a header's unit means in yuan or mu: 万元 is 10,000."""
    text = simplified(compact(value))
    inside = " ".join(BRACKETS.findall(text)) + " " + (text.split("单位")[-1] if "单位" in text else "")
    return next((factor for word, factor in UNITS if word in inside), Decimal(1))


def _vocabulary_scores() -> tuple[dict[str, dict[str, float]], dict[str, dict[str, float]]]:
    words: dict[str, dict[str, float]] = {}
    sounds: dict[str, dict[str, float]] = {}
    for name, entries in VOCABULARY.items():
        for word, weight in entries.items():
            plain = plain_label(word)
            words.setdefault(plain, {})[name] = max(weight, words.get(plain, {}).get(name, 0))
            if len(plain) > 1 and not plain.isascii():
                sound = sounds.setdefault(pinyin(plain), {})
                sound[name] = max(weight * 0.85, sound.get(name, 0))
    return words, sounds


WORDS, SOUNDS = _vocabulary_scores()
LONGEST_FIRST = sorted((word for word in WORDS if len(word) > 1), key=len, reverse=True)


GENERIC_TAIL = re.compile(
    r"(姓名|名字|名称|全称|全名|名讳|大名|名|人数|数量|数目|数|情况|状况|号码|编号|编码|号)$"
)
DATE_TAIL = re.compile(r"(日期|时间|年月日|日)$")
SPECIAL_DATES = re.compile(r"生|诞|到期|止|还款|年龄|节日")


@lru_cache(maxsize=5_000)
def word_scores(label: str) -> dict[str, float]:
    """Return how well a header word names each field, from 0 to 1.

    A known word before a generic tail decides: 柜员姓名 is about the teller, 劳力人数 about labour.
    """
    plain = plain_label(label)
    if not plain:
        return {}
    if plain in WORDS:
        return WORDS[plain]
    if DATE_TAIL.search(plain) and not SPECIAL_DATES.search(plain):
        return {"date": 0.95}
    stem = GENERIC_TAIL.sub("", plain)
    if stem != plain and stem in WORDS:
        return {name: weight * 0.95 for name, weight in WORDS[stem].items()}
    if pinyin(plain) in SOUNDS:
        return SOUNDS[pinyin(plain)]
    scores: dict[str, float] = {}
    rest = plain
    for word in LONGEST_FIRST:
        if word not in rest or (word.isascii() and len(word) < 3):
            continue
        factor = 0.8 if rest.endswith(word) else 0.6 if rest.startswith(word) else 0.5
        for name, weight in WORDS[word].items():
            scores[name] = max(scores.get(name, 0), weight * factor)
        rest = rest.replace(word, " ")
    return scores


# --- content ---------------------------------------------------------------------------------------------------------

ID_SHAPE = re.compile(r"^[1-9]\d{5}(?:18|19|20)?\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{2,3}[\dX]?$")


def looks_like_id(value: Cell) -> bool:
    """Is this an identity number in any state of damage (an account number is not)?"""
    text = compact(value)
    if match := values.SCIENTIFIC.match(text):
        return (
            match.group(3) in {"17", "14"} and 10 <= int((match.group(1) + (match.group(2) or "0"))[:2]) <= 66
        )
    cleaned = values.ID_NOISE.sub("", text).replace("×", "X").upper().translate(values.ID_LETTERS)
    if not 14 <= len(cleaned) <= 19 or not re.fullmatch(r"\d+X?", cleaned):
        return False
    return bool(
        ID_SHAPE.match(cleaned) or (len(cleaned) == 17 and any(ID_SHAPE.match(d + cleaned) for d in "12345"))
    )


def looks_like_account(value: Cell) -> bool:
    text = re.sub(r"[\s-]", "", compact(value)).removesuffix(".0")
    if match := values.SCIENTIFIC.match(text):
        return int(match.group(3)) >= 9 and not looks_like_id(value)
    return (
        bool(re.fullmatch(r"[A-Za-z]{0,3}\d{9,23}", text))
        and not looks_like_id(value)
        and not looks_like_phone(value)
    )


def looks_like_phone(value: Cell) -> bool:
    if values.date_options(value):
        return False  # eight digits of a date would pass for a local number
    phones = values.read_phones(value)
    return bool(
        phones.mobiles
        or (phones.landlines and not phones.unreadable and compact(value).replace("-", "") != "")
    )


def looks_like_date(value: Cell) -> bool:
    options = values.date_options(value)
    return bool(options) and options[0].form not in {"year"}


def looks_like_name(value: Cell) -> bool:
    if not isinstance(value, str):
        return False
    name = values.read_name(value)
    return 2 <= len(name.key) <= 5 and (has_surname(name.key) or name.is_married_style)


def looks_like_place(value: Cell) -> bool:
    text = simplified(compact(value))
    return isinstance(value, str) and bool(
        re.search(r"[村镇乡县]|街道|社区|[组队屯庄寨塆湾围孜]$", text)
        and re.search(r"[\u4e00-\u9fff]{2}", text)
        and len(text) < 60
    )


def looks_like_group(value: Cell) -> bool:
    return values.read_group(value) is not None and len(compact(value)) <= 7


def looks_like_money(value: Cell) -> bool:
    text = compact(value)
    if isinstance(value, (int, float)):
        return abs(value) < 10**9
    return bool(re.fullmatch(r"约?-?[¥￥]?[\d,]+(\.\d+)?万?\d?元?", text)) and len(text) < 15


def looks_like_debt(value: Cell) -> bool:
    return bool(re.search(r"欠|借|贷|他行", as_text(value))) and bool(re.search(r"\d", as_text(value)))


def looks_like_income(value: Cell) -> bool:
    text = simplified(compact(value))
    return bool(re.search(r"\d万\d?|^约?\d{4,6}元?$", text))


def looks_like_land(value: Cell) -> bool:
    return bool(re.search(r"亩|畝|^.{1,4}分$", compact(value)))


def looks_like_livestock(value: Cell) -> bool:
    return bool(re.search(r"[猪牛羊鸡鸭鹅豬雞鴨鵝]|鱼塘", compact(value))) and bool(
        re.search(r"[\d一二三四五六七八九十]", compact(value))
    )


def looks_like_sex(value: Cell) -> bool:
    return values.read_sex(value) != ""


def looks_like_product(value: Cell) -> bool:
    return bool(
        re.search(
            r"活期|定期|整存|零存|存本|贷款|股金|一折通|一卡通|储蓄|存单|通知存款|惠农",
            simplified(compact(value)),
        )
    )


def looks_like_business(value: Cell) -> bool:
    text = simplified(compact(value))
    return bool(
        re.fullmatch(
            r"(开户|销户|存款|取款|存|取|还贷|还款|放款|贷款|挂失|换折|补折|股金|转账|汇款|结息|开卡|解挂|改密|查询|续存|支取|缴费|代发).{0,3}",
            text,
        )
    )


def looks_like_status(value: Cell) -> bool:
    return bool(
        re.fullmatch(
            r"(正常|睡眠|冻结|销户|挂失|久悬|止付|未激活|不动户|活动|注销|结清|逾期)户?",
            simplified(compact(value)),
        )
    )


def looks_like_id_kind(value: Cell) -> bool:
    return bool(re.search(r"身份证|户口|护照|结婚证|军官证|驾驶|临时证|居民证", simplified(compact(value))))


def looks_like_grade(value: Cell) -> bool:
    text = simplified(compact(value)).upper()
    return bool(
        re.fullmatch(
            r"A{1,3}[+-]?|B{1,3}[+-]?|[CDE]|[优良中差]|优秀|良好|较好|一般|较差|[一二三四五1-5][级等星]|[甲乙丙丁]等?|特级",
            text,
        )
    )


DETECTORS: dict[str, Callable[[Cell], bool]] = {
    "id_number": looks_like_id,
    "account_number": looks_like_account,
    "phone": looks_like_phone,
    "date": looks_like_date,
    "birth_date": looks_like_date,
    "name": looks_like_name,
    "spouse": looks_like_name,
    "head": looks_like_name,
    "guarantor": looks_like_name,
    "teller": looks_like_name,
    "address": looks_like_place,
    "village": looks_like_place,
    "group": looks_like_group,
    "sex": looks_like_sex,
    "balance": looks_like_money,
    "amount": looks_like_money,
    "income": looks_like_income,
    "net_income": looks_like_income,
    "debts": looks_like_debt,
    "land": looks_like_land,
    "livestock": looks_like_livestock,
    "product": looks_like_product,
    "business": looks_like_business,
    "account_status": looks_like_status,
    "id_kind": looks_like_id_kind,
    "grade": looks_like_grade,
}


@dataclass(frozen=True)
class Content:
    """The values beneath a header and the share of each kind among the filled ones."""

    filled: int
    total: int
    distinct: int
    shares: dict[str, float]
    texts: tuple[str, ...]

    @property
    def fill_rate(self) -> float:
        return self.filled / self.total if self.total else 0.0

    @property
    def distinct_rate(self) -> float:
        return self.distinct / self.filled if self.filled else 0.0


def weigh(cells: Sequence[Cell]) -> Content:
    """Measure a column's content; cells that say "not known" count as empty."""
    filled = [cell for cell in cells if cell is not None and not is_placeholder(as_text(cell))]
    texts = tuple(compact(cell) for cell in filled)
    found: dict[Callable, float] = {}
    shares = {}
    for name, detect in DETECTORS.items():
        if detect not in found:
            found[detect] = sum(detect(cell) for cell in filled) / len(filled) if filled else 0.0
        shares[name] = found[detect]
    return Content(len(filled), len(cells), len(set(texts)), shares, texts)


def content_scores(content: Content) -> dict[str, float]:
    """Return how well the content of a column fits each field, from 0 (not at all) to 1."""
    if not content.filled:
        return {}
    scores = dict(content.shares)
    births, events = _calendar_scores(content)
    scores["birth_date"] *= births
    scores["date"] *= events
    full_address = sum(len(text) > 5 for text in content.texts) / content.filled
    scores["village"] *= 1 - 0.5 * full_address
    scores["address"] *= 0.5 + 0.5 * full_address
    people = scores["name"]
    few = content.filled > 20 and content.distinct <= max(3, content.filled // 20)
    scores["name"] = people * (0.4 + 0.3 * content.fill_rate + 0.3 * min(1.0, content.distinct_rate * 1.5))
    scores["name"] *= 0.2 if few else 1.0  # a handful of names over and over are the branch's own staff
    scores["teller"] = people * (0.9 if few else 0.2)
    scores["spouse"] = people * (0.6 if content.fill_rate < 0.9 else 0.3)
    scores["guarantor"] = scores["head"] = people * 0.3
    numbers = [
        number
        for text in content.texts
        if (number := numeral(text.removesuffix(".0"))) is not None and text[:1].isdigit()
    ]
    share = len(numbers) / content.filled
    scores["serial"] = share if _counts_up(numbers) else 0.0
    small = sum(1 <= number <= 15 for number in numbers) / content.filled
    scores["population"], scores["labour"] = 0.6 * small, 0.5 * small
    scores["age"] = (
        0.6 * sum(16 <= number <= 110 for number in numbers) / content.filled if content.distinct > 8 else 0.0
    )
    scores["group"] = (
        max(0.0, scores["group"] - (0.5 if small > 0.8 else 0.0)) if not scores["serial"] else 0.0
    )
    if content.distinct > 12:
        scores["sex"] = scores["grade"] = 0.0
    long_text = sum(len(text) > 4 and not text[:1].isdigit() for text in content.texts) / content.filled
    scores["remark"] = 0.65 * long_text * (1 - 0.5 * max(content.shares.values()))
    scores["net_income"] = 0.0  # whether income is net, the header alone can say
    return scores


def _calendar_scores(content: Content) -> tuple[float, float]:
    """Births lie scattered over generations, the dates of a ledger within its years."""
    years = sorted(options[0].day.year for text in content.texts if (options := values.date_options(text)))
    if len(years) < 4:
        return 0.5, 0.6
    low, high = years[len(years) // 10], years[-1 - len(years) // 10]
    return (1.0, 0.3) if high - low > 20 else (0.3, 1.0)


def _counts_up(numbers: list[int]) -> bool:
    """A running number grows by the same step, one or, where rows were skipped while sampling, a few."""
    steps = [b - a for a, b in pairwise(numbers)]
    usual = max(set(steps), key=steps.count, default=0)
    return len(numbers) >= 3 and usual > 0 and steps.count(usual) >= 0.8 * len(steps)


# --- header rows -----------------------------------------------------------------------------------------------------


def typed_cells(row: Row) -> int:
    """Count the cells that only data has: numbers, identity numbers, phones, dates."""
    return sum(
        not isinstance(cell, str)
        or bool(re.fullmatch(r"[\d.,\s]+", cell))
        or looks_like_id(cell)
        or looks_like_phone(cell)
        or (looks_like_date(cell) and len(compact(cell)) > 4)
        for cell in row.cells
        if cell is not None
    )


def header_strength(row: Row) -> float:
    """Return how much a row looks like a header: words of the vocabulary count for it, data against it."""
    labels = [cell for cell in row.cells if isinstance(cell, str) and len(plain_label(cell)) <= 14]
    scores = [score for label in labels if (score := max(word_scores(label).values(), default=0.0)) >= 0.5]
    if len(labels) < MIN_HEADER_CELLS or len(scores) < max(MIN_HEADER_CELLS, 0.3 * len(labels)):
        return 0.0
    return sum(scores) + 0.1 * len(set(map(plain_label, labels))) - 2.0 * typed_cells(row)


def find_header(rows: Sequence[Row]) -> tuple[int, ...]:
    """Return the positions of the header row or rows among the rows, or nothing when there is no header."""
    head = rows[:LOOK_AHEAD]
    strengths = [header_strength(row) for row in head]
    best = max(range(len(head)), key=lambda i: strengths[i], default=None)
    if best is None or strengths[best] < 1.2:
        return _header_above_data(head)
    lines = [best]
    if best + 1 < len(head) and _continues(head[best], head[best + 1]):
        lines.append(best + 1)
    elif best > 0 and _continues(head[best - 1], head[best]):
        lines.insert(0, best - 1)
    return tuple(lines)


def _continues(upper: Row, lower: Row) -> bool:
    """Is the lower row the second line of a header: labels only, some of them under the gaps of the upper one?"""
    lower_labels = {i for i, cell in enumerate(lower.cells) if cell is not None}
    upper_labels = {i for i, cell in enumerate(upper.cells) if cell is not None}
    if not lower_labels or len(upper_labels) < 2 or typed_cells(lower) or typed_cells(upper):
        return False
    if any(re.search("[:：]", as_text(cell)) for cell in (*upper.cells, *lower.cells)):
        return False  # 填表单位：… is a title line
    words = [cell for cell in lower.cells if isinstance(cell, str)]
    known = sum(max(word_scores(word).values(), default=0.0) >= 0.5 for word in words)
    names_person = any(looks_like_name(word) and not word_scores(word) for word in words)
    return known >= max(1, 0.6 * len(words)) and bool(lower_labels - upper_labels) and not names_person


def _header_above_data(head: Sequence[Row]) -> tuple[int, ...]:
    """A header in words nobody knows: the last row of plain labels right above the first data."""
    first_data = next((i for i, row in enumerate(head) if typed_cells(row) >= 2), None)
    if not first_data:
        return ()
    width = sum(cell is not None for cell in head[first_data].cells)
    for i in range(first_data - 1, -1, -1):
        labels = [cell for cell in head[i].cells if isinstance(cell, str)]
        if len(labels) < MIN_HEADER_CELLS:
            continue  # a blank line, a title or the heading of a month
        if len(labels) >= max(MIN_HEADER_CELLS, width // 2) and not typed_cells(head[i]):
            return (i,)
        return ()
    return ()


def labels_of(rows: Sequence[Row], width: int) -> tuple[str, ...]:
    """Join one or two header lines: the lower word names the column, an upper one spreads over its gap."""
    if not rows:
        return ("",) * width
    lines = [[as_text(cell) for cell in row.cells] + [""] * (width - len(row.cells)) for row in rows]
    if len(lines) == 1:
        return tuple(lines[0])
    upper, lower = lines
    spread, last = [], ""
    for i in range(width):
        last = upper[i] or (last if lower[i] else "")
        spread.append(last)
    return tuple(low or up for up, low in zip(spread, lower, strict=True))


# --- assignment ------------------------------------------------------------------------------------------------------


def read_header(rows: Sequence[Row], kind: str = "") -> Header:
    """Find the header of a table and say what each of its columns holds."""
    lines = find_header(rows)
    body = rows[lines[-1] + 1 :] if lines else rows
    width = max((len(row.cells) for row in rows), default=0)
    labels = labels_of([rows[i] for i in lines], width)
    header = Header(lines, labels=labels)
    header.columns = assign(labels, columns_of(body, width), kind)
    above = (
        unit_of(" ".join(as_text(c) for row in rows[: lines[0]] for c in row.cells)) if lines else Decimal(1)
    )
    if above != 1:
        header.columns = [_with_unit(column, above) for column in header.columns]
    return header


def _with_unit(column: Column, unit: Decimal) -> Column:
    money = column.field in {"balance", "amount", "income", "net_income", "debts"}
    return (
        Column(column.index, column.label, column.field, column.confidence, unit)
        if money and column.unit == 1
        else column
    )


def columns_of(rows: Sequence[Row], width: int) -> list[list[Cell]]:
    """Return the cells beneath the header by column; lines that hold one cell only say nothing about columns."""
    sample = [row for row in rows if sum(cell is not None for cell in row.cells) > 2]
    step = max(1, len(sample) // SAMPLE)
    sample = sample[::step][:SAMPLE]
    return [[row.cells[i] if i < len(row.cells) else None for row in sample] for i in range(width)]


def assign(labels: Sequence[str], columns: Sequence[Sequence[Cell]], kind: str = "") -> list[Column]:
    """Give each column the field that its word and its content speak for together; one column per field."""
    pairs = []
    for index, (label, cells) in enumerate(zip(labels, columns, strict=True)):
        words, content = word_scores(label), content_scores(weigh(cells))
        has_content = bool(content)
        for name in set(words) | set(content):
            score = _combined(name, words.get(name, 0.0), content.get(name, 0.0), bool(words), has_content)
            score *= KIND_WEIGHT.get((kind, name), 1.0)
            if score >= LEAST_CONFIDENCE:
                pairs.append((score, -index, name))
    taken: dict[int, tuple[str, float]] = {}
    used: set[str] = set()
    for score, minus_index, name in sorted(pairs, reverse=True):
        if -minus_index in taken or (name in used and name not in REPEATABLE):
            continue
        taken[-minus_index] = (name, score)
        used.add(name)
    return [Column(i, label, *taken.get(i, ("", 0.0)), unit=unit_of(label)) for i, label in enumerate(labels)]


def _combined(name: str, word: float, content: float, has_word: bool, has_content: bool) -> float:  # noqa: PLR0911 - one return per shape
    """Join the two witnesses. A definite kind of content may overrule a word, a vague one only fills a gap."""
    if not has_content:
        return word * 0.9
    if name in DEFINITE:
        if content < 0.15:
            return word * 0.25
        if word:
            return 0.55 * word + 0.45 * content
        return content * (0.45 if has_word else 0.8) if content >= 0.5 else 0.0
    if name in DETECTORS:
        if word:
            return 0.75 * word + 0.25 * content
        return content * (0.2 if has_word else 0.65) if content >= 0.45 else 0.0
    if word:
        return 0.85 * word + 0.1 * content
    return 0.0 if has_word else content * 0.7


KIND_WEIGHT = {
    ("account_list", "amount"): 0.8,
    ("account_list", "business"): 0.6,
    ("account_list", "income"): 0.3,
    ("account_list", "debts"): 0.3,
    ("account_list", "land"): 0.3,
    ("counter_register", "balance"): 0.6,
    ("counter_register", "account_number"): 0.8,
    ("counter_register", "debts"): 0.4,
    ("counter_register", "income"): 0.3,
    ("officer_notebook", "balance"): 0.4,
    ("officer_notebook", "amount"): 0.5,
    ("officer_notebook", "product"): 0.4,
    ("officer_notebook", "business"): 0.5,
}
