"""Which rows of a ledger are customers: titles, month lines, sub-totals, totals and signatures are not."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum

from customers.ledgers import values
from customers.ledgers.headers import Header, looks_like_id, looks_like_name, plain_label, word_scores
from customers.ledgers.text import as_text, compact, is_placeholder, simplified
from customers.ledgers.workbook import Cell, Row


class RowKind(StrEnum):
    DATA = "data"
    BLANK = "blank"
    TITLE = "title"
    HEADER = "header"
    MONTH = "month"
    SECTION = "section"
    SUBTOTAL = "subtotal"
    TOTAL = "total"
    SIGNATURE = "signature"
    NOTE = "note"


NUMBER = r"[\d一二三四五六七八九十百千〇零元两廿]+"
SUBTOTAL = re.compile(
    r"""^(本|此|该|每)?(页|月|季|季度|旬|日|周|班|村|组|队|乡|镇|类|项)(小计|合计|共计|累计|计|小结|结)
    |^小计|^小结|^.{0,8}小计|^(承|接|转|过)(上|前|下|次)(页|月)|^page(sub)?total|^subtotal""",
    re.VERBOSE,
)
TOTAL = re.compile(
    rf"""^(总|合|共|累)计|^本?年(合计|累计|总计|结)|^以上(合计|共计)|^(grand)?total|^合共|^(总|合计|登记)?(户|人|笔)数|^总数
    |^全(社|年|村)(合计|共计)|^共{NUMBER}(户|人|笔|条|页)""",
    re.VERBOSE,
)
COUNT_LINE = re.compile(rf"^共?计?{NUMBER}(户|人|笔|条|名|页|次)$")
MONTH = re.compile(
    rf"""^((公元)?(\d{{2,4}}|民国{NUMBER}|{NUMBER})年度?)?
    (第?{NUMBER}(月份?|季度?|旬)|(上|下)半年|年度)?(份|登记|开户|业务|台账|流水)?$""",
    re.VERBOSE,
)
SIGNATURE = re.compile(
    r"""^(制表|制单|复核|填表|审核|会计|出纳|主管|经办|负责|记账|记帐|核对|监交|移交|接收|审批|主任|社主任|信贷员|信贷主任
    |填报|报送|打印|盖章|签章|签字|单位负责人|经手|校对|录入|统计|柜员|联系电话|日期|年月日)
    (人|员|时间|日期|单位|签字|签章|盖章)*[:：]""",
    re.VERBOSE,
)
NOTE = re.compile(
    rf"""^(注|说明|备注|附注|填表说明|填写说明|填表须知|说明事项|提示)[:：.、]|^(以下|此页|下页)空白|^未完|^续表
    |^(接|转)下页|^第{NUMBER}页|^共{NUMBER}页|^page\d|^例[:：]|^示例|^样例|^[(（]?(续|接)上?(页|表)|^[-=*]{{3,}}$
    |^打印时间|^单位[:：]|^填表单位|^编制单位|^币种|^查询条件|^机构|^网点""",
    re.VERBOSE,
)


def classify(row: Row, header: Header, *, is_place: Callable[[str], bool] = lambda text: False) -> RowKind:
    """Say what a row beneath the header is; ``is_place`` tells whether a lone cell names a village."""
    cells = [(i, cell) for i, cell in enumerate(row.cells) if cell is not None and as_text(cell)]
    if not cells:
        return RowKind.BLANK
    if not _proves_customer(row, header):
        texts = [simplified(compact(cell)).lower() for _, cell in cells]
        if kind := _furniture(texts):
            return kind
        if _repeats_header(texts, header):
            return RowKind.HEADER
        if len(cells) <= 2 and (kind := _lone_cell(cells, header, is_place)):
            return kind
    return RowKind.DATA if _names_customer(row, header) else RowKind.NOTE


LABELLED = re.compile(r"^[^\d:：]{2,10}[:：]")
LABEL_LENGTH = 10  # a label such as 本页小计 is short; a remark that mentions a sum is not
NOTE_CELLS = 3


def _furniture(texts: list[str]) -> RowKind | None:
    """Name a line of sums, signatures or notes; the label of a sum may stand in any column."""
    first = texts[0]
    labels = [text for text in texts if len(text) <= LABEL_LENGTH]
    if all(LABELLED.match(text) for text in texts):
        return RowKind.SIGNATURE
    if SIGNATURE.match(first) or sum(bool(SIGNATURE.match(text)) for text in texts) > 1:
        return RowKind.SIGNATURE
    if any(SUBTOTAL.match(text) for text in labels):
        return RowKind.SUBTOTAL
    if any(TOTAL.match(text) for text in labels) or COUNT_LINE.match(first):
        return RowKind.TOTAL
    return RowKind.NOTE if NOTE.match(first) and len(texts) <= NOTE_CELLS else None


def _proves_customer(row: Row, header: Header) -> bool:
    """An identity number, or a name beside a phone or account number, cannot stand in a line of furniture."""
    if any(looks_like_id(cell) for cell in _cells(row, header, "id_number")):
        return True
    named = any(looks_like_name(cell) for cell in _cells(row, header, "name"))
    phones = any(values.read_phones(cell).numbers for cell in _cells(row, header, "phone"))
    accounts = any(
        re.fullmatch(r"[A-Za-z]{0,3}\d{9,}", compact(cell)) for cell in _cells(row, header, "account_number")
    )
    return accounts or (named and phones)


def _cells(row: Row, header: Header, name: str) -> list[Cell]:
    return [
        row.cells[c.index]
        for c in header.of(name)
        if c.index < len(row.cells) and row.cells[c.index] is not None
    ]


def _repeats_header(texts: list[str], header: Header) -> bool:
    labels = {plain_label(label) for label in header.labels if label}
    same = sum(plain_label(text) in labels for text in texts)
    known = sum(max(word_scores(text).values(), default=0.0) >= 0.8 for text in texts)
    return len(texts) >= 2 and (same >= 0.6 * len(texts) or (known >= 0.7 * len(texts) and len(texts) >= 4))


def _lone_cell(
    cells: list[tuple[int, Cell]], header: Header, is_place: Callable[[str], bool]
) -> RowKind | None:
    """One or two cells in a row: a month, a village's heading, a title, or a customer of whom little is known."""
    joined = simplified("".join(compact(cell) for _, cell in cells))
    if MONTH.match(joined) and re.search(r"[年月季]", joined):
        return RowKind.MONTH
    if len(cells) > 1:
        return None
    index, cell = cells[0]
    in_name_column = any(column.index == index for column in header.of("name"))
    if in_name_column and looks_like_name(cell) and not is_place(joined):
        return RowKind.DATA
    if is_place(joined) or re.search(r"(村|社区|街道|镇|乡|组|队)[:：]?$", joined):
        return RowKind.SECTION
    return RowKind.NOTE if isinstance(cell, str) else RowKind.TOTAL


ABOUT_CUSTOMER = (
    "date",
    "phone",
    "address",
    "village",
    "id_number",
    "amount",
    "balance",
    "income",
    "land",
    "birth_date",
)


def _names_customer(row: Row, header: Header) -> bool:
    """A data row says who: a name, or at least a number or an account; an odd name needs something beside it."""
    for cell in _cells(row, header, "name"):
        text = as_text(cell)
        is_word = re.search(r"[^\W\d_]", text) and not is_placeholder(text)
        has_company = any(_cells(row, header, field) for field in ABOUT_CUSTOMER)
        if is_word and (has_company or looks_like_name(cell)):
            return True
    numbers = [*_cells(row, header, "id_number"), *_cells(row, header, "account_number")]
    return any(re.search(r"\d{6}|\d\.\d+E", as_text(cell), re.IGNORECASE) for cell in numbers)
