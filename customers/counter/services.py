"""Registration at the counter: find or create the one customer who holds a document, and place them in a household."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, TypeVar

from django.db import IntegrityError, OperationalError, transaction
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _
from psycopg2 import errors

from branches.models import Area, StaffMember, Unit
from coopcrm.shared.errors import Refused, require
from coopcrm.shared.fields import draw_keys
from coopcrm.shared.inserting import insert
from coopcrm.shared.prepared import Prepared
from customers import consents, duplicates, masking, numbers, policies, signals
from customers.choices import CustomerKind, DocumentKind, FactSource, Relation
from customers.homes import services as households
from customers.models import Customer, Household, IdentityDocument, Phone
from customers.names import name_keys
from customers.persons.documents import claim_to, flag_claim, holder_of, new_document
from customers.persons.judging import JudgedNumber, judge
from customers.persons.organisations import open_entry
from customers.persons.phones import new_phone

RACES_RUN = 3
RETRIED = ("document_held_once", "customer_form_sent_once")
BUSY = (errors.LockNotAvailable, errors.DeadlockDetected)
"""The other counter holds the number for longer than a page waits for a lock."""
Done = TypeVar("Done")
SENT_BY = Prepared("SELECT id FROM customers_customer WHERE form_key = %(form_key)s")


class NumberTaken(Refused):
    """The number is registered under another name."""

    code = "number_taken"

    def __init__(self, message, holder: Customer) -> None:
        super().__init__(message)
        self.holder = holder


class HolderLocked(Refused):
    """The number belongs to a record that is kept for the law alone."""

    code = "person_locked"

    def __init__(self, message, holder: Customer) -> None:
        super().__init__(message)
        self.holder = holder


class LikelyKnown(Refused):
    """Somebody registered is probably this person."""

    code = "likely_known"

    def __init__(self, message, matches: list[duplicates.Match]) -> None:
        super().__init__(message)
        self.matches = matches


@dataclass(frozen=True)
class Registration:
    """What became of a registration; ``is_disputed`` when the number is held by somebody else."""

    customer: Customer
    is_new: bool
    is_disputed: bool = False
    is_sent_again: bool = False
    possible: list[duplicates.Match] = field(default_factory=list)
    household: Household | None = None


@dataclass(frozen=True)
class _Home:
    """The household a person joins or opens."""

    joins: Household | None
    relation: str
    opens: bool
    register_no: str


@dataclass(frozen=True)
class Applicant:
    """A person as the counter wrote them down; made by :func:`applicant`."""

    staff: StaffMember
    branch: Unit
    registered_at: Unit
    as_of: date
    name: str
    number: JudgedNumber | None
    phone: str
    details: dict
    home: _Home
    reason: str
    form_key: uuid.UUID | None

    @property
    def claim(self) -> duplicates.Claim:
        is_resident = self.number is not None and self.number.kind in numbers.RESIDENT_KINDS
        return duplicates.Claim(
            name=self.name,
            id_no=self.number.text if is_resident else "",
            birth_date=self.details["birth_date"],
            phone=self.phone,
            village=self.details["village"],
        )


def register_customer(
    *, staff: StaffMember, branch: Unit, agrees_to: Iterable[str] = (), **said: Any
) -> Registration:
    """Find or create the one customer who holds this document; ``said`` are the arguments of :func:`applicant`.

    Two counters with one number get one customer: the unique number decides, the later one finds the earlier. A number
    held under another name, or a probable duplicate, is refused until ``reason`` says why the person is another; then
    the second claim is stored as disputed and both are shown to people (handbook §6.3). ``agrees_to`` are the purposes
    a new customer consents to on the spot; of somebody known already nothing is changed.
    """
    person = applicant(staff=staff, branch=branch, **said)
    return in_turn(lambda: register_applicant(person, agrees_to=agrees_to))


def in_turn(deed: Callable[[], Done]) -> Done:
    """Do a deed in a transaction of its own; when another counter was faster, once more with what that one wrote."""
    for _attempt in range(RACES_RUN):
        try:
            with transaction.atomic():
                return deed()
        except IntegrityError as clash:
            if not any(constraint in str(clash) for constraint in RETRIED):
                raise
        except OperationalError as wait:
            if not isinstance(wait.__cause__, BUSY):
                raise
    raise Refused(
        _("Another counter is registering this person right now. Please try again."), code="try_again"
    )


def register_applicant(person: Applicant, *, agrees_to: Iterable[str] = ()) -> Registration:
    """Find or create one person, with household and consents; the caller holds the transaction."""
    done = find_or_create(person)
    if not done.is_new:
        return done
    household = _place_in_household(person, done.customer)
    consents.record_at_counter(
        staff=person.staff, customer=done.customer, purposes=agrees_to, at=timezone.now()
    )
    return replace(done, household=household)


def applicant(
    *,
    staff: StaffMember,
    branch: Unit,
    name: str,
    as_of: date,
    id_number: str = "",
    id_kind: str = DocumentKind.ID18,
    phone: str = "",
    sex: str = "",
    birth_date: date | None = None,
    village: Area | None = None,
    group_no: str = "",
    address: str = "",
    occupation: str = "",
    household: Household | None = None,
    relation: str = Relation.OTHER,
    opens_household: bool = False,
    register_no: str = "",
    reason: str = "",
    form_key: uuid.UUID | None = None,
    registered_at: Unit | None = None,
) -> Applicant:
    """A person as the counter wrote them down, with the number judged; raises ``Refused`` where nobody may register."""
    require(policies.may_register(staff, branch), _("Customers are registered at your own branch."))
    name = " ".join(name.split())
    require(name, _("Write the name as it stands on the document."), code="name_missing")
    number = judge(id_kind, id_number, as_of)
    details = {
        "sex": (number.sex if number else "") or sex,
        "birth_date": (number.birth_date if number else None) or birth_date,
        "village": village,
        "group_no": group_no,
        "address": address,
        "occupation": occupation,
    }
    return Applicant(
        staff=staff,
        branch=branch,
        registered_at=registered_at or branch,
        as_of=as_of,
        name=name,
        number=number,
        phone=phone.strip(),
        details=details,
        home=_Home(household, relation, opens_household, register_no),
        reason=reason.strip(),
        form_key=form_key,
    )


def _sent_before(applicant: Applicant) -> Customer | None:
    """Who was registered by this very form; a form that was filled in anew for somebody else is another form."""
    known = SENT_BY.rows(form_key=applicant.form_key)
    if not known:  # of nearly every form
        return None
    sent = Customer.objects.get(pk=known[0][0])
    if sent.name_key != name_keys(applicant.name).name_key:
        text = _("This form has registered %(name)s already. Open a new form for the next person.")
        raise Refused(text % {"name": masking.mask_name(sent.name)}, code="form_used")
    return sent


def find_or_create(applicant: Applicant) -> Registration:
    """The customer who holds the number, or a new one; raises the refusals of this module."""
    if applicant.form_key and (sent := _sent_before(applicant)):
        return Registration(sent, is_new=False, is_sent_again=True)
    matches = duplicates.find(applicant.claim, as_of=applicant.as_of)
    holder = holder_of(applicant.number) if applicant.number else None
    if holder is not None:
        return _answer_holder(applicant, holder, matches)
    likely = [match for match in matches if match.outcome == "PROBABLE"]
    if likely and not applicant.reason:
        text = _(
            "This person is probably registered already: %(reason)s. Open that page, or say why it is another person."
        )
        raise LikelyKnown(text % {"reason": likely[0].reason}, matches)
    customer = _create(applicant)
    duplicates.note_for_review(customer, matches, **_evidence(applicant))
    return Registration(customer, is_new=True, possible=matches)


def _answer_holder(applicant: Applicant, holder: Customer, matches: list[duplicates.Match]) -> Registration:
    if holder.is_locked:
        text = _(
            "The person of this number has asked for deletion; the record is locked. The union's risk desk lifts the "
            "lock when the person comes back."
        )
        raise HolderLocked(text, holder)
    if name_keys(applicant.name).name_key == name_keys(holder.name).name_key:
        return Registration(holder, is_new=False, possible=matches)
    if not applicant.reason:
        text = _(
            "This number is registered at %(branch)s under another name. Look at the card again; "
            "if the number is right, say why and both are shown to the reviewers."
        )
        raise NumberTaken(text % {"branch": holder.branch}, holder)
    customer = _create(applicant, is_disputed=True)
    claim = claim_to(applicant.name, holder)
    others = [match for match in matches if match.customer.pk != holder.pk]
    flag_claim(customer, claim, *others, said=applicant.reason, by=applicant.staff, on=applicant.as_of)
    return Registration(customer, is_new=True, is_disputed=True, possible=[claim, *others])


def _evidence(applicant: Applicant) -> dict:
    return {"said": applicant.reason, "by": applicant.staff.pk, "on": applicant.as_of.isoformat()}


def _create(applicant: Applicant, *, is_disputed: bool = False) -> Customer:
    """Write the customer with document and phone: their keys by one statement, their rows by another."""
    number, as_of = applicant.number, applicant.as_of
    pk, document_pk, phone_pk = draw_keys(Customer, IdentityDocument, Phone)
    customer = _new_customer(applicant, pk)
    rows: list[Model] = [customer]
    if number:
        paper = {"staff": applicant.staff, "as_of": as_of, "is_disputed": is_disputed}
        rows.append(new_document(customer, number, pk=document_pk, **paper))
    if applicant.phone:
        said = {"as_of": as_of, "source": FactSource.SAID, "is_main": True}
        rows.append(new_phone(customer, applicant.phone, pk=phone_pk, **said))
    insert(*rows)
    if number and customer.kind == CustomerKind.ORGANISATION:
        open_entry(customer, number.text, staff=applicant.staff, as_of=as_of)
    transaction.on_commit(lambda: signals.customer_registered.send(Customer, customer_id=customer.pk))
    return customer


def _new_customer(applicant: Applicant, pk: int) -> Customer:
    number = applicant.number
    is_organisation = number is not None and number.kind == DocumentKind.USCC
    return Customer(
        pk=pk,
        kind=CustomerKind.ORGANISATION if is_organisation else CustomerKind.PERSON,
        name=applicant.name,
        **name_keys(applicant.name)._asdict(),
        **applicant.details,
        branch=applicant.branch,
        source=FactSource.DOCUMENT if number else FactSource.SAID,
        registered_on=applicant.as_of,
        registered_at=applicant.registered_at,
        registered_by=applicant.staff,
        verified_on=applicant.as_of if number and not number.reason else None,
        form_key=applicant.form_key,
    )


def _place_in_household(applicant: Applicant, customer: Customer) -> Household | None:
    home = applicant.home
    deed = {"staff": applicant.staff, "on": applicant.as_of, "as_of": applicant.as_of}
    if home.joins is not None:
        households.join_household(
            customer=customer, household=home.joins, relation=home.relation, is_new=True, **deed
        )
        return home.joins
    if not home.opens:
        return None
    return households.open_within(
        head=customer,
        branch=applicant.branch,
        register_no=home.register_no,
        village=applicant.details["village"],
        group_no=applicant.details["group_no"],
        address=applicant.details["address"],
        is_new_head=True,
        **deed,
    )
