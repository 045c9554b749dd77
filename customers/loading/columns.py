"""What the columns of an export are called. Clean files name them plainly; what nobody knows is left out and told."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from coopcrm.shared.errors import Refused

WORDS = {
    "name": "name fullname customername 姓名 客户姓名 客户名称 户名 名称",
    "number": "number idnumber idno documentnumber 身份证 身份证号 身份证号码 证件号 证件号码 公民身份号码",
    "phone": "phone mobile telephone 电话 手机 手机号 手机号码 联系电话 电话号码",
    "sex": "sex gender 性别",
    "birth": "birth birthdate dateofbirth 出生日期 出生年月日 生日",
    "village_code": "villagecode 村代码 村编码 行政村代码 区划代码 村组代码",
    "village": "village villagename 村 村名 行政村 村委会 村名称",
    "group": "group groupno 组 村组 村民小组 小组 组别",
    "address": "address 地址 住址 家庭住址 现住址 通讯地址",
    "branch": "branch branchcode 机构 机构号 机构代码 网点 网点号 网点代码 管理机构",
    "occupation": "occupation 职业",
}
_FIELD_OF = {word: field for field, words in WORDS.items() for word in words.split()}
_LEFT_OUT = re.compile(r"[\s_\-./()（）]+")


def field_of(label: str) -> str:
    """The field that a word in the header stands for; empty when nobody knows it."""
    plain = _LEFT_OUT.sub("", unicodedata.normalize("NFKC", label)).casefold()
    return _FIELD_OF.get(plain, "")


def places_of(header: Sequence[str]) -> dict[str, int]:
    """Where each field stands; the first of two columns of one field speaks. Raises ``Refused`` without a name."""
    places: dict[str, int] = {}
    for place, label in enumerate(header):
        if field := field_of(label):
            places.setdefault(field, place)
    if "name" not in places:
        raise Refused(
            "The first line must name the columns, and one of them the name.", code="no_name_column"
        )
    return places


def unknown_in(header: Sequence[str]) -> list[str]:
    """The columns that are not read."""
    return [label for label in header if label.strip() and not field_of(label)]
