"""Asking a customer, and taking the one answer."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from branches.models import StaffMember
from coopcrm.shared import crypto
from coopcrm.shared.errors import Refused, require
from coopcrm.shared.work import NewOrder, add_orders
from customers.choices import CustomerState
from customers.feedback import policies
from customers.feedback.occasions import Served
from customers.models import Feedback, Invitation

DAYS_OPEN = 30
TOKEN_BYTES = 16
FOLLOW_UP = "customers.feedback_follow_up"
SLIP, SENT = "slip", "message"
LOW_SATISFACTION, LOW_RECOMMENDATION = 2, 6


@dataclass(frozen=True)
class Issued:
    """An invitation with the token of its link, which is kept nowhere else."""

    invitation: Invitation
    token: str


@dataclass(frozen=True)
class Asked:
    """What the public page shows: branch and day of the contact, nothing about the person."""

    branch: str
    invited_on: date
    occasion: str


def digest_of(token: str) -> bytes:
    """The digest under which a link is kept; the token is random, so it needs no key."""
    return hashlib.sha256(token.encode()).digest()


@transaction.atomic
def invite(
    *,
    served: Served,
    occasion: str,
    key: str,
    on: date,
    by: StaffMember | None = None,
    channel: str = SLIP,
) -> Issued:
    """Ask a customer about one contact. Asked again, the link is made anew and the old one ends.

    Raises ``PermissionRefused`` and ``Refused`` with the codes ``answered_already`` and ``not_to_be_asked``.
    """
    customer = served.customer
    if by is not None:
        require(policies.may_invite(by, customer), _("Customers are asked by the branch that manages them."))
    is_open = customer.state == CustomerState.ACTIVE and not customer.is_locked
    require(is_open, _("This person is not to be asked any more."), code="not_to_be_asked")
    token = secrets.token_urlsafe(TOKEN_BYTES)
    fields = {"token_digest": digest_of(token), "expires_on": on + timedelta(days=DAYS_OPEN)}
    invitation, is_new = Invitation.objects.get_or_create(
        occasion=occasion,
        key=key,
        defaults={
            "customer": customer,
            "branch_id": served.branch_id,
            "staff": served.staff,
            "invited_by": by,
            "invited_on": on,
            "channel": channel,
            **fields,
        },
    )
    if not is_new:
        answered = Feedback.objects.filter(invitation=invitation).exists()
        require(not answered, _("The customer has answered already."), code="answered_already")
        Invitation.objects.filter(pk=invitation.pk).update(issued=F("issued") + 1, **fields)
        invitation.refresh_from_db()
    return Issued(invitation, token)


def asked_by(token: str) -> Asked | None:
    """What a link asks; None when it was used, has ended or never was."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM coopcrm_invitation(%s)", [digest_of(token)])
        row = cursor.fetchone()
    return Asked(*row) if row else None


def origin_of(address: str, browser: str, now: datetime) -> bytes:
    """A digest that tells devices apart within a month and says nothing about whose they are."""
    return bytes(crypto.keyed("feedback_origin", f"{now:%Y-%m}|{address}|{browser}"))


@transaction.atomic
def answer(
    token: str,
    *,
    satisfaction: int | None,
    recommendation: int | None,
    words: str,
    wishes_call: bool,
    origin: bytes,
) -> int | None:
    """Keep the one answer of a link; None when it was used or has ended meanwhile.

    A function of the database writes the row: the web role acts for nobody here and sees no invitation.
    """
    if satisfaction is None and recommendation is None and not words:
        raise Refused(_("Choose a number or write a word."), code="answer_empty")
    values = [digest_of(token), satisfaction, recommendation, words, wishes_call, origin]
    with connection.cursor() as cursor:
        cursor.execute("SELECT coopcrm_answer_invitation(%s, %s::smallint, %s::smallint, %s, %s, %s)", values)
        pk = cursor.fetchone()[0]
    if pk is not None and (wishes_call or needs_follow_up(satisfaction, recommendation, words)):
        add_orders(None, [NewOrder(FOLLOW_UP, payload={"answer": pk})])
    return pk


def needs_follow_up(satisfaction: int | None, recommendation: int | None, words: str) -> bool:
    """Whether the director looks into an answer: dissatisfied, or a detractor who says why (handbook §4.5)."""
    if satisfaction is not None and satisfaction <= LOW_SATISFACTION:
        return True
    return recommendation is not None and recommendation <= LOW_RECOMMENDATION and bool(words)
