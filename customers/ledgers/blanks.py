"""Templates of ledgers to fill in: headings that the importer understands by their words alone, in three languages.

A template belongs to a branch: its villages stand in the list to choose from. What is chosen from a list is read by the
importer whatever the language of the headings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _

from branches.choices import AreaLevel
from branches.models import Area, Unit
from coopcrm.shared.blank_books import BlankBook, BlankColumn, as_workbook
from customers.choices import LedgerKind
from customers.ledgers.areas import area_index
from customers.ledgers.words import field_in_words
from customers.ledgers.workbook import BESIDE

LANGUAGES = ("en", "zh-hans", "zh-hant")
HEADINGS: dict[str, tuple[str, str, str]] = {
    "account_number": ("Account number", "账号", "帳號"),
    "account_status": ("Status", "账户状态", "帳戶狀態"),
    "amount": ("Amount", "金额", "金額"),
    "balance": ("Balance", "余额", "餘額"),
    "birth_date": ("Birth date", "出生日期", "出生日期"),
    "business": ("Business", "业务种类", "業務種類"),
    "date": ("Date", "日期", "日期"),
    "debts": ("Debts", "负债", "負債"),
    "grade": ("Grade", "信用等级", "信用等級"),
    "group": ("Group", "组", "組"),
    "household_number": ("Household no", "户号", "戶號"),
    "id_kind": ("ID type", "证件种类", "證件種類"),
    "id_number": ("ID number", "证件号码", "證件號碼"),
    "income": ("Income", "年收入", "年收入"),
    "labour": ("Labour", "劳动力", "勞動力"),
    "land": ("Land", "承包地", "承包地"),
    "livestock": ("Livestock", "牲畜", "牲畜"),
    "name": ("Name", "姓名", "姓名"),
    "net_income": ("Net income", "年纯收入", "年純收入"),
    "officer": ("Officer", "信贷员", "信貸員"),
    "phone": ("Phone", "联系电话", "聯繫電話"),
    "population": ("Population", "家庭人口", "家庭人口"),
    "product": ("Product", "产品名称", "產品名稱"),
    "remark": ("Remark", "备注", "備註"),
    "sex": ("Sex", "性别", "性別"),
    "spouse": ("Spouse", "配偶姓名", "配偶姓名"),
    "teller": ("Teller", "经办人", "經辦人"),
    "township": ("Township", "乡镇", "鄉鎮"),
    "village": ("Village", "村", "村"),
}
PERSON = ("name", "sex", "id_kind", "id_number", "phone", "township", "village", "group")
FIELDS: dict[str, tuple[str, ...]] = {
    LedgerKind.COUNTER_REGISTER: ("date", *PERSON, "birth_date", "business", "amount", "teller", "remark"),
    LedgerKind.OFFICER_NOTEBOOK: (
        "date", "household_number", *PERSON, "spouse", "population", "labour", "income", "net_income", "debts", "land",
        "livestock", "grade", "officer", "remark",
    ),
    LedgerKind.ACCOUNT_LIST: (*PERSON, "product", "account_number", "date", "balance", "account_status", "remark"),
}  # fmt: skip
DAYS = frozenset({"date", "birth_date"})
TEXTS = frozenset({"id_number", "phone", "account_number", "household_number"})
WIDE = {"id_number": 24, "account_number": 26, "phone": 18, "remark": 30, "village": 18, "livestock": 20}

CHOICES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "sex": (("男", "女"), ("男", "女")),
    "id_kind": (("居民身份证", "户口簿", "护照"), ("居民身份證", "戶口簿", "護照")),
    "product": (
        ("活期储蓄", "整存整取", "零存整取", "存本取息", "通知存款", "农户小额贷款", "保证贷款", "抵押贷款", "股金"),
        ("活期儲蓄", "整存整取", "零存整取", "存本取息", "通知存款", "農戶小額貸款", "保證貸款", "抵押貸款", "股金"),
    ),
    "business": (
        ("存款", "取款", "开户", "销户", "贷款", "还贷", "挂失"),
        ("存款", "取款", "開戶", "銷戶", "貸款", "還貸", "掛失"),
    ),
    "account_status": (("正常", "睡眠", "冻结", "挂失", "销户"), ("正常", "睡眠", "凍結", "掛失", "銷戶")),
}  # fmt: skip
"""Words to choose from, as the books write them: simplified and traditional."""
EXAMPLES: Mapping[str, str] = {
    "account_number": "6217001234567890123",
    "account_status": "正常",
    "amount": "1340.00",
    "balance": "2500.00",
    "birth_date": "1949-12-31",
    "business": "存款",
    "date": "2005-03-16",
    "debts": "3000",
    "grade": "AA",
    "group": "3",
    "household_number": "0017",
    "id_kind": "居民身份证",
    "id_number": "11010519491231002X",
    "income": "16000",
    "labour": "2",
    "land": "9.5",
    "livestock": "猪4头 羊12只",
    "name": "王大明",
    "net_income": "9000",
    "officer": "赵铁柱",
    "phone": "13866086809",
    "population": "4",
    "product": "活期储蓄",
    "remark": "",
    "sex": "男",
    "spouse": "李小花",
    "teller": "刘为民",
    "township": "柳河镇",
    "village": "东岗村",
}
"""A row of people who do not exist."""


@dataclass(frozen=True)
class Described:
    """A template as its page shows it."""

    kind: str
    label: str
    about: str
    headings: list[str]


def heading(field: str, language: str) -> str:
    """The word over a column."""
    return HEADINGS[field][LANGUAGES.index(language)]


def described(language: str) -> list[Described]:
    """The templates of a language."""
    about = {
        LedgerKind.COUNTER_REGISTER: _("What is done at the counter, a line for each visit."),
        LedgerKind.OFFICER_NOTEBOOK: _("What an officer learns on the farm, a line for each household."),
        LedgerKind.ACCOUNT_LIST: _("Accounts with their balance, a line for each account."),
    }
    return [
        Described(kind, str(label), about[kind], [heading(field, language) for field in FIELDS[kind]])
        for kind, label in LedgerKind.choices
    ]


def workbook(kind: str, branch: Unit, language: str) -> bytes:
    """The template of a kind of ledger for a branch, in a language."""
    villages, townships = _places_of(branch)
    with translation.override(language):
        columns = [_column(field, language, villages, townships) for field in FIELDS[kind]]
        return as_workbook(
            BlankBook(
                title=str(LedgerKind(kind).label),
                columns=columns,
                help_title=_("How to fill it in"),
                help_lines=_explanations(kind, branch, language),
                beside=BESIDE,
            )
        )


def _column(field: str, language: str, villages: list[str], townships: list[str]) -> BlankColumn:
    choices = {"village": villages, "township": townships}.get(field)
    if choices is None:
        choices = list(CHOICES[field][language == "zh-hant"]) if field in CHOICES else []
    return BlankColumn(
        heading=heading(field, language),
        form="day" if field in DAYS else "text" if field in TEXTS else "plain",
        choices=choices,
        hint=_hint(field),
        width=WIDE.get(field, 14),
    )


def _hint(field: str) -> str:
    if field == "id_number":
        return _("All characters of the card, with the last X; the column is text and keeps them.")
    if field in DAYS:
        return _("Year-month-day, such as 2005-03-16.")
    if field in TEXTS:
        return _("Every digit; the column is text and keeps them.")
    return ""


def _explanations(kind: str, branch: Unit, language: str) -> list[list[str]]:
    lines = [
        [_("This sheet is not read."), branch.name],
        [
            _(
                "One row for each line of the book; what is not known stays empty. Nobody in the examples exists."
            )
        ],
        [_("Columns may be added at the right, left out, or moved; the words of the headings stay.")],
        [],
        [_("Heading"), _("What it holds"), _("Example")],
    ]
    return lines + [
        [heading(field, language), field_in_words(field), EXAMPLES[field]] for field in FIELDS[kind]
    ]


def _places_of(branch: Unit) -> tuple[list[str], list[str]]:
    """Names of the villages and townships that a branch serves: said in the area tree, else told by its name."""
    areas = Area.objects.in_force()
    township = area_index().township_of_branch(branch.name)
    served = areas.filter(level=AreaLevel.VILLAGE).filter(
        Q(unit=branch) | Q(parent__unit=branch) | (Q(parent__code=township) if township else Q(pk=None))
    )
    rows = list(served.order_by("code").values_list("name", "parent__name"))
    return [name for name, _parent in rows], list(dict.fromkeys(parent for _name, parent in rows if parent))
