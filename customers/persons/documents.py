"""Deeds of documents: add, renew, withdraw. A number is judged, never corrected; a row is never taken away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from branches.models import StaffMember
from coopcrm.shared.crypto import forms
from coopcrm.shared.errors import Refused, require
from coopcrm.shared.inserting import insert
from coopcrm.shared.prepared import Prepared
from customers import duplicates, identity, numbers
from customers.choices import CustomerState, DocumentState, FactSource, RetiredBecause
from customers.models import Customer, IdentityDocument
from customers.names import name_keys
from customers.persons import policies, words
from customers.persons.judging import KINDS_OF, JudgedNumber, date_reason, judge
from customers.provenance.services import state_values

HELD_ONCE = "document_held_once"
HELD_BY = Prepared(
    "SELECT customer_id FROM customers_identitydocument"
    " WHERE kind = %(kind)s AND number_key = %(key)s AND state = 'HELD' ORDER BY id LIMIT 1"
)
RACES_RUN = 3


@dataclass(frozen=True)
class Paper:
    """What stands on a document beside its number."""

    issued_on: date | None = None
    expires_on: date | None = None
    is_long_term: bool = False
    issued_by: str = ""


@dataclass(frozen=True)
class Added:
    """A new document; ``is_disputed`` when its number is held by somebody else."""

    document: IdentityDocument
    is_disputed: bool = False


def add_document(
    *,
    staff: StaffMember,
    customer: Customer,
    kind: str,
    number: str,
    as_of: date,
    paper: Paper | None = None,
    keep: bool = False,
    reason: str = "",
) -> Added:
    """Write down one more document of a customer.

    A number that does not stand is refused with the reason in words until ``keep`` says that the paper really shows
    it; then it is UNVERIFIED. A number that another customer holds is refused until ``reason`` says why it is claimed;
    then it is DISPUTED, and under different names both customers are flagged (handbook §6.3, R2).
    """
    _allow(policies.may_keep(staff, customer))
    require(
        kind in KINDS_OF[customer.kind], _("Choose a document of this customer's kind."), code="kind_unfit"
    )
    judged = _judged(kind, number, as_of, keep)
    return _racing(lambda: _add(customer, _Shown(staff, judged, paper or Paper(), as_of, reason.strip())))


def renew_document(
    *,
    staff: StaffMember,
    document: IdentityDocument,
    as_of: date,
    number: str = "",
    paper: Paper,
    keep: bool = False,
) -> Added:
    """Write down the new paper of the same kind; the one before is retired and stays. Without ``number`` it has its.

    A resident number stays for life: the new card shows the number of the old one, unless that was kept as typed.
    """
    _allow(policies.may_keep(staff, document.customer))

    def renew() -> Added:
        old = _locked(document)
        _refuse_unless_open(old)
        judged = _judged(old.kind, number or old.open("number"), as_of, keep)
        if old.kind in numbers.RESIDENT_KINDS and old.state == DocumentState.HELD:
            is_same = judged.keys.number_key == bytes(old.number_key)
            text = _(
                "A resident number stays for life. If the old one is wrong, withdraw it with the reason and add the"
                " other."
            )
            require(is_same, text, code="other_number")
        retire(old, staff, RetiredBecause.RENEWED, as_of)
        return _add(old.customer, _Shown(staff, judged, paper, as_of))

    return _racing(renew)


@transaction.atomic
def withdraw_document(
    *, staff: StaffMember, document: IdentityDocument, because: str, note: str, as_of: date
) -> IdentityDocument:
    """Take a document out of use with the reason; the row stays and is still found where it was really theirs."""
    chosen = (RetiredBecause.LOST, RetiredBecause.RETURNED, RetiredBecause.WRONG)
    require(because in chosen, _("Choose why the document is withdrawn."), code="no_reason")
    _allow(policies.may_withdraw(staff, document.customer, because))
    require(note.strip(), _("Say in one sentence what happened."), code="note_missing")
    old = _locked(document)
    _refuse_unless_open(old)
    if old.state == DocumentState.HELD and _claims(old).exists():
        raise Refused(_("Another person claims this number. Settle that first."), code="disputed")
    retire(old, staff, because, as_of, note)
    return old


# -- Steps -------------------------------------------------------------------------------------------------------------


def _allow(may: bool) -> None:
    require(
        may, _("The managing branch keeps a customer's documents; a wrong one is taken out by who corrects.")
    )


def _racing(deed) -> Added:
    for _attempt in range(RACES_RUN):
        try:
            with transaction.atomic():
                return deed()
        except IntegrityError as clash:
            if HELD_ONCE not in str(clash):
                raise
    raise Refused(_("Another counter is writing this number right now. Please try again."), code="try_again")


def _judged(kind: str, number: str, as_of: date, keep: bool) -> JudgedNumber:
    judged = judge(kind, number, as_of)
    require(judged is not None, _("Write the number of the document."), code="number_missing")
    if judged.reason and not keep:
        raise Refused(words.number_reason(judged, number, as_of), code="number_invalid")
    return judged


def _locked(document: IdentityDocument) -> IdentityDocument:
    rows = IdentityDocument.objects.select_for_update(of=["self"]).select_related("customer__branch")
    return rows.get(pk=document.pk)


def _refuse_unless_open(document: IdentityDocument) -> None:
    if document.state == DocumentState.RETIRED:
        raise Refused(_("This document is no longer in use."), code="retired_already")
    if document.state == DocumentState.DISPUTED:
        raise Refused(_("Two persons claim this number. Settle that first."), code="disputed")


def retire(document: IdentityDocument, staff: StaffMember, because: str, as_of: date, note: str = "") -> None:
    """Take a document out of use; the row stays with day, person and reason."""
    document.state, document.retired_on, document.retired_by = DocumentState.RETIRED, as_of, staff
    document.retired_because, document.retired_note = because, " ".join(note.split())[:200]
    document.save(update_fields=["state", "retired_on", "retired_by", "retired_because", "retired_note"])


def _claims(document: IdentityDocument):
    """Disputed claims of other customers to the number of a held document."""
    rows = IdentityDocument.objects.filter(number_key=bytes(document.number_key), kind=document.kind)
    return rows.filter(state=DocumentState.DISPUTED).exclude(customer=document.customer_id)


@dataclass(frozen=True)
class _Shown:
    """A document as somebody wrote it down."""

    staff: StaffMember
    judged: JudgedNumber
    paper: Paper
    as_of: date
    reason: str = ""


def _add(customer: Customer, shown: _Shown) -> Added:
    customer = Customer.objects.select_for_update(of=["self"]).select_related("branch").get(pk=customer.pk)
    require(
        customer.state in (CustomerState.ACTIVE, CustomerState.CLOSED),
        _("Documents are added to living customers."),
        code="not_living",
    )
    paper = {name: value for name, value in vars(shown.paper).items() if name != "issued_by"}
    if code := date_reason(shown.judged.kind, **paper, as_of=shown.as_of):
        raise Refused(str(words.DATE_WORDS[code]), code="dates_unfit")
    _refuse_second(customer, shown.judged)
    holder = holder_of(shown.judged)
    if holder is not None and not shown.reason:
        text = _(
            "This number is registered at %(branch)s for another customer. Look at the paper again; if it is right,"
            " say why, and both are shown to people."
        )
        raise Refused(text % {"branch": holder.branch}, code="number_taken")
    document = new_document(
        customer,
        shown.judged,
        staff=shown.staff,
        as_of=shown.as_of,
        paper=shown.paper,
        is_disputed=holder is not None,
    )
    insert(document)
    if document.state == DocumentState.HELD:
        Customer.objects.filter(pk=customer.pk).update(verified_on=shown.as_of)
        _fill_in(customer, shown)
    if holder is not None:
        claim = claim_to(customer.name, holder)
        flag_claim(customer, claim, said=shown.reason, by=shown.staff, on=shown.as_of)
    return Added(document, holder is not None)


def _fill_in(customer: Customer, shown: _Shown) -> None:
    """A resident number tells birth date and sex; what was unknown until now is stated, what is known stays."""
    told = {"birth_date": shown.judged.birth_date, "sex": shown.judged.sex}
    unknown = {name: value for name, value in told.items() if value and not getattr(customer, name)}
    if unknown:
        state_values(
            customer=customer, values=unknown, source=FactSource.DOCUMENT, on=shown.as_of, staff=shown.staff
        )


def _refuse_second(customer: Customer, judged: JudgedNumber) -> None:
    """One document of a kind is in use at a time; of couples' certificates and registers, one of a number."""
    mine = IdentityDocument.objects.in_use().filter(
        Q(customer=customer) | Q(customer__merged_into=customer), kind=judged.kind
    )
    if mine.filter(number_key=judged.keys.number_key).exists():
        raise Refused(_("This document is noted already; renew it instead."), code="noted_already")
    resident = numbers.RESIDENT_KINDS
    kinds = resident if judged.kind in resident else {judged.kind}
    held = customer.documents.filter(kind__in=kinds, state=DocumentState.HELD)
    if judged.is_exclusive and held.exists():
        text = _(
            "A document of this kind is held already. Renew that one, or withdraw it first with the reason."
        )
        raise Refused(text, code="held_already")


def holder_of(judged: JudgedNumber) -> Customer | None:
    """Who holds a number that one person alone can hold; a merged record stands for its survivor."""
    if not judged.is_exclusive:
        return None
    for key in forms(judged.keys.number_key):
        if known := HELD_BY.rows(kind=judged.kind, key=key):
            break
    else:  # most numbers that are registered
        return None
    holder = Customer.objects.select_related("merged_into__branch", "branch").get(pk=known[0][0])
    return holder.merged_into or holder


def new_document(
    customer: Customer,
    judged: JudgedNumber,
    *,
    staff: StaffMember,
    as_of: date,
    paper: Paper | None = None,
    is_disputed: bool = False,
    pk: int | None = None,
) -> IdentityDocument:
    """A document as judged, not stored yet: unverified where the number does not stand, disputed where it is held."""
    paper = paper or Paper()
    state = DocumentState.DISPUTED if is_disputed else DocumentState.HELD
    document = IdentityDocument(
        pk=pk,
        customer=customer,
        kind=judged.kind,
        **judged.keys._asdict(),
        state=DocumentState.UNVERIFIED if judged.reason else state,
        invalid_reason=judged.reason,
        warning=judged.warning,
        issued_on=paper.issued_on,
        expires_on=paper.expires_on,
        is_long_term=paper.is_long_term,
        issued_by=" ".join(paper.issued_by.split()),
        source=FactSource.DOCUMENT,
        recorded_on=as_of,
        recorded_by=staff,
    )
    document.seal("number", judged.text)
    return document


# -- Claims ------------------------------------------------------------------------------------------------------------


def claim_to(name: str, holder: Customer) -> duplicates.Match:
    """What a claim by somebody of this name to the number of ``holder`` is: probable (R1N), or a conflict (R2)."""
    mine, theirs = name_keys(name), name_keys(holder.name)
    is_near = mine.name_key == theirs.name_key or identity.name_near(
        mine.name_key, theirs.name_key, mine.pinyin, theirs.pinyin
    )
    return duplicates.Match(holder, *(("PROBABLE", "R1N") if is_near else ("CONFLICT", "R2")))


def flag_claim(
    customer: Customer,
    claim: duplicates.Match,
    *others: duplicates.Match,
    said: str,
    by: StaffMember,
    on: date,
) -> None:
    """Put a claim to a held number before people; under different names both are blocked for new credit (R2)."""
    duplicates.note_for_review(customer, [claim, *others], said=said, by=by.pk, on=on.isoformat())
    if claim.outcome == "CONFLICT":
        Customer.objects.filter(pk__in=[customer.pk, claim.customer.pk]).update(identity_conflict=True)
        customer.identity_conflict = True
