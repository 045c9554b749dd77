"""What a remark proves about a person: head of the household, spouse, the number's tail or old form, a new phone."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date

from customers.ledgers.identity import valid_resident_id
from customers.ledgers.text import as_text, simplified
from customers.ledgers.values import HAN, IdReading, read_phones

PERSON = f"([{HAN}]{{2,4}}?)"
END = r"(?=$|[\s,，;；。、/(（]|系|的|之|，)"
REMARK_HEAD = re.compile(rf"户主(?:是|为|名|姓名|:)?\s*{PERSON}{END}")
REMARK_SPOUSE = re.compile(rf"(?:配偶|爱人|妻子|丈夫|老伴|(?<!夫)妻)(?:是|为|名|姓名|叫|:)?\s*{PERSON}{END}")
REMARK_COUPLE = re.compile(rf"(?:与|和|同){PERSON}(?:系|是|为)?夫妻")
REMARK_SPOUSE_OF = re.compile(
    rf"(?:^|[\s,，;；。、]|系|是|为){PERSON}(?:的|之)?(?:爱人|妻子|丈夫|老伴|老婆|媳妇|妻|夫)(?=$|[\s,，;；。、])"
)
REMARK_OLD_NUMBER = re.compile(r"(?:旧|原|老)(?:身份)?证(?:件)?号?码?(?:是|为|:)?\s*(\d{15})(?!\d)")
NOT_A_NAME = re.compile(r"常年|有病|残疾|去世|外出|打工|务工|在外|生病|住院")
REMARK_TAIL = re.compile(r"(?:身份证)?(?:尾号|末四位|后四位|尾数)(?:是|为|:)?\s*(\d{3}[\dxX]|\d{4})")
REMARK_NEW_PHONE = re.compile(
    r"(?:新号码?|改号|换号|现用|新电话|电话改|手机改为?|新手机号?)(?:是|为|:)?\s*([\d\s-]{7,16})"
)
REMARK_PROXY = re.compile(r"代办|代取|代签|代领|代存")


@dataclass(frozen=True)
class RemarkReading:
    """What a remark says about the person: head of the household, spouse, number's tail or old form, new phone."""

    text: str = ""
    head: str = ""
    spouse: str = ""
    id_tail: str = ""
    old_number: str = ""
    phones: tuple[str, ...] = ()
    is_by_proxy: bool = False


def read_remark(value: object) -> RemarkReading:
    """Read a remark for the few things it can prove."""
    text = as_text(value)
    if not text:
        return RemarkReading()
    plain = simplified(text)
    spouse = REMARK_COUPLE.search(plain) or REMARK_SPOUSE.search(plain) or REMARK_SPOUSE_OF.search(plain)
    head, tail, phone = REMARK_HEAD.search(plain), REMARK_TAIL.search(plain), REMARK_NEW_PHONE.search(plain)
    old = REMARK_OLD_NUMBER.search(plain)
    return RemarkReading(
        text=text,
        head=head.group(1) if head else "",
        spouse=spouse.group(1) if spouse and not NOT_A_NAME.search(spouse.group(1)) else "",
        id_tail=tail.group(1).upper() if tail else "",
        old_number=old.group(1) if old else "",
        phones=read_phones(phone.group(1)).numbers if phone else (),
        is_by_proxy=bool(REMARK_PROXY.search(plain)),
    )


def joined(remarks: list[RemarkReading]) -> RemarkReading:
    """Join the remarks of several columns; the first that says something wins."""
    result = RemarkReading()
    for remark in remarks:
        result = replace(
            result,
            text="；".join(part for part in (result.text, remark.text) if part),
            head=result.head or remark.head,
            spouse=result.spouse or remark.spouse,
            id_tail=result.id_tail or remark.id_tail,
            old_number=result.old_number or remark.old_number,
            phones=result.phones + remark.phones,
            is_by_proxy=result.is_by_proxy or remark.is_by_proxy,
        )
    return result


def with_old_number(identity: IdReading, remark: RemarkReading, as_of: date | None = None) -> IdReading:
    """Read the old number of fifteen digits where the cell holds none, or a damaged one that it fits.

    It is the number of today without its century and check character (handbook §6.1), so it names the same person.
    """
    number = valid_resident_id(remark.old_number, as_of) if remark.old_number else ""
    if not number or identity.number or not _fits(identity, number):
        return identity
    return replace(
        identity, cleaned=remark.old_number, number=number, prefix=number, suffix=number, guess="",
        flags=(*identity.flags, "OLD_NUMBER"),
    )  # fmt: skip


def _fits(identity: IdReading, number: str) -> bool:
    if identity.guess:
        return identity.guess == number
    known = identity.prefix or identity.suffix
    return identity.is_empty or bool(
        known and number.startswith(identity.prefix) and number.endswith(identity.suffix)
    )
