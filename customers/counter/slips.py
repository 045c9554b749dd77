"""Slips: what was registered, on paper, with a code by which the paper is known to be genuine (handbook §6.7).

The code is a keyed digest of the slip's number and words, forty bits in an alphabet without letters that look like
digits. It is stored sealed and found by a digest of its own; what is typed may hold spaces, dashes, small letters, an O
for a nought and an I or L for a one. Asking is counted: nobody guesses their way through.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from branches.models import StaffMember, Unit
from coopcrm.shared import audit
from coopcrm.shared.counting import count
from coopcrm.shared.crypto import keyed
from coopcrm.shared.errors import Refused, require
from coopcrm.shared.inserting import insert
from coopcrm.shared.models import Deed, Outcome
from customers import masking, numbers, policies, registries
from customers.choices import DocumentKind
from customers.models import Customer, Slip, SlipPrint
from customers.purposes import AT_COUNTER, RULES

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH, GROUP = 8, 4
BITS = 5
LOOKS_LIKE = str.maketrans("OIL", "011")
WINDOW, MOST_IN_WINDOW, MOST_WITHOUT_REDIS = 600, 30, 10
CODE = "slip-code"


# -- The code ----------------------------------------------------------------------------------------------------------


def code_of(slip: Slip) -> str:
    """The code that belongs to a slip's number and words: ``K7QF-M2XD``."""
    words = json.dumps(slip.content, ensure_ascii=False, sort_keys=True)
    number = int.from_bytes(keyed(CODE, f"{slip.draw_id()}|{slip.customer_id}|{words}"), "big")
    letters = [ALPHABET[number >> BITS * place & 31] for place in range(CODE_LENGTH)]
    return "".join(letters[:GROUP]) + "-" + "".join(letters[GROUP:])


def typed_code(text: str) -> str:
    """What was typed as it is printed; empty when it can be no code."""
    letters = "".join(character for character in text.upper() if character.isalnum()).translate(LOOKS_LIKE)
    if len(letters) != CODE_LENGTH or not set(letters) <= set(ALPHABET):
        return ""
    return f"{letters[:GROUP]}-{letters[GROUP:]}"


# -- Issue and print ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Registered:
    """What a slip tells of a registration, in full; the slip itself holds it masked.

    ``documents`` are kinds and numbers, ``beside`` the people registered or found with the customer, ``households`` and
    ``marriages`` counts, ``since`` the year of the marriage.
    """

    documents: Sequence[tuple[str, str]] = ()
    phones: Sequence[str] = ()
    beside: Sequence[str] = ()
    agrees_to: Sequence[str] = ()
    household: int | None = None
    is_married: bool = False
    married_since: int | None = None


def issue(
    *,
    staff: StaffMember,
    customer: Customer,
    branch: Unit,
    what: Registered,
    at: datetime | None = None,
) -> Slip:
    """Write down what the paper says of a registration: masked names and numbers, consents, household, by whom."""
    slip = Slip(customer=customer, branch=branch, issued_by=staff, issued_at=at or timezone.now())
    slip.content = {
        "name": masking.mask_name(customer.name),
        "documents": [[kind, masking.mask_id(number)] for kind, number in what.documents],
        "phones": [masking.mask_phone(phone) for phone in what.phones],
        "beside": [masking.mask_name(name) for name in what.beside],
        "agrees_to": sorted(what.agrees_to),
        "household": what.household,
        "is_married": what.is_married,
        "married_since": what.married_since,
        "is_disputed": customer.identity_conflict,
    }
    code = code_of(slip)
    slip.seal("code", code)
    slip.code_key = keyed(numbers.SLIP, code)
    insert(slip)
    return slip


def note_print(*, staff: StaffMember, slip: Slip) -> SlipPrint:
    """Put one printing on record."""
    require(policies.may_register(staff, slip.branch), _("Slips are printed where they were issued."))
    return SlipPrint.objects.create(slip=slip, printed_by=staff)


@dataclass(frozen=True)
class Told:
    """A slip as it is shown and printed."""

    slip: Slip
    code: str
    documents: list[tuple[Any, str]]
    purposes: list[tuple[Any, bool]]
    parts: list[tuple[str, dict]]
    times_printed: int


def told(staff: StaffMember, slip: Slip) -> Told:
    """What a slip says, with the parts that other rooms put on it."""
    content = slip.content
    agreed = set(content.get("agrees_to", ()))
    parts = [part(staff, slip.customer) for part in registries.slip_parts]
    return Told(
        slip=slip,
        code=slip.open("code"),
        documents=[(DocumentKind(kind).label, text) for kind, text in content.get("documents", ())],
        purposes=[(RULES[code].purpose.label, code in agreed) for code in AT_COUNTER],
        parts=[part for part in parts if part is not None],
        times_printed=slip.prints.count(),
    )


# -- Is it genuine? ----------------------------------------------------------------------------------------------------


@transaction.atomic
def look_up(*, staff: StaffMember, typed: str) -> Slip | None:
    """The slip of a code, from whichever branch; None when no slip has it.

    Raises ``Refused`` with the codes ``code_form`` and ``too_many_codes``; the second is on record.
    """
    code = typed_code(typed)
    require(code, _("A code has eight letters and digits, like K7QF-M2XD."), code="code_form")
    times, in_redis = count(f"slips:{staff.pk}", window=WINDOW)
    if times > (MOST_IN_WINDOW if in_redis else MOST_WITHOUT_REDIS):
        audit.record(Deed.REFUSAL, detail={"what": "slip code"}, outcome=Outcome.REFUSED)
        raise Refused(_("Too many codes in ten minutes. Go on later."), code="too_many_codes")
    rows = Slip.objects.filter(code_key=keyed(numbers.SLIP, code))
    return rows.select_related("branch", "issued_by", "customer__branch").first()
