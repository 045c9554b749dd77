"""Deeds of organisations: their register entry, who acts for them, who belongs to them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from branches.models import StaffMember
from coopcrm.shared.errors import Refused, require
from customers import identity, numbers
from customers.choices import CustomerKind, CustomerState, DocumentKind, DocumentState
from customers.models import CoopMember, Customer, Household, IdentityDocument, Organisation, Representative
from customers.persons import policies
from customers.persons.choices import LegalForm, OrganisationCategory, RepresentativeRole
from customers.portfolios.organisations import put_under_director

LEAST_DOCUMENT = 12
FORMS = {
    OrganisationCategory.INDIVIDUAL_BUSINESS: LegalForm.INDIVIDUAL,
    OrganisationCategory.FARMERS_COOPERATIVE: LegalForm.COOPERATIVE,
    OrganisationCategory.RURAL_COLLECTIVE: LegalForm.COLLECTIVE,
}
"""Legal forms that follow from the category alone."""


def category_of(code: str) -> str:
    """The category that a unified social credit code tells; other where it does not stand."""
    return identity.check_uscc(code).category or OrganisationCategory.OTHER


def open_entry(customer: Customer, code: str, *, staff: StaffMember | None, as_of: date) -> Organisation:
    """Open the register entry of a new organisation, under the director's post until a manager is named."""
    put_under_director([customer.pk])
    category = category_of(code)
    entry, _is_new = Organisation.objects.get_or_create(
        customer=customer,
        defaults={
            "category": category,
            "legal_form": FORMS.get(category, ""),
            "noted_on": as_of,
            "noted_by": staff,
        },
    )
    return entry


def entry_of(customer: Customer, *, as_of: date) -> Organisation:
    """The register entry of an organisation, opened when an older road has not."""
    found = Organisation.objects.filter(customer=customer).first()
    if found is not None:
        return found
    document = customer.documents.filter(kind=DocumentKind.USCC).exclude(state=DocumentState.RETIRED).first()
    return open_entry(customer, document.open("number") if document else "", staff=None, as_of=as_of)


@transaction.atomic
def note_entry(
    *,
    staff: StaffMember,
    customer: Customer,
    as_of: date,
    legal_form: str = "",
    founded_on: date | None = None,
    business_scope: str = "",
    registered_address: str = "",
) -> Organisation:
    """Write down what the licence shows; the category follows from the code."""
    _allow(staff, customer)
    require(founded_on is None or founded_on <= as_of, _("The day lies in the future."), code="in_the_future")
    entry = entry_of(customer, as_of=as_of)
    entry.legal_form, entry.founded_on = legal_form, founded_on
    entry.business_scope = " ".join(business_scope.split())
    entry.registered_address = " ".join(registered_address.split())
    entry.noted_on, entry.noted_by = as_of, staff
    entry.save()
    return entry


# -- Who acts for it ---------------------------------------------------------------------------------------------------


@transaction.atomic
def add_representative(
    *, staff: StaffMember, organisation: Customer, person: Customer, role: str, valid_from: date, as_of: date
) -> Representative:
    """Let a person act for an organisation from a day on; a new legal representative ends the one before."""
    _allow(staff, organisation)
    _refuse_unfit(person)
    require(role in RepresentativeRole.values, _("Choose a role."), code="no_role")
    require(valid_from <= as_of, _("The day lies in the future."), code="in_the_future")
    Customer.objects.select_for_update().get(pk=organisation.pk)
    mine = organisation.representatives.filter(Q(valid_to=None) | Q(valid_to__gt=valid_from), role=role)
    if mine.filter(person=person).exists():
        raise Refused(_("This person acts in this role already."), code="noted_already")
    if role == RepresentativeRole.LEGAL:
        if mine.filter(valid_from__gt=valid_from).exists():
            raise Refused(_("A later legal representative is noted already."), code="later_known")
        mine.update(valid_to=valid_from)
    return Representative.objects.create(
        organisation=organisation, person=person, role=role, valid_from=valid_from, noted_by=staff
    )


@transaction.atomic
def end_representative(*, staff: StaffMember, representative: Representative, on: date) -> Representative:
    """A person no longer acts for an organisation; the row stays."""
    _allow(staff, representative.organisation)
    return _end(representative, on)


# -- Who belongs to it -------------------------------------------------------------------------------------------------


@transaction.atomic
def add_member(
    *,
    staff: StaffMember,
    organisation: Customer,
    valid_from: date,
    as_of: date,
    person: Customer | None = None,
    household: Household | None = None,
    share_amount: Decimal = Decimal(0),
) -> CoopMember:
    """Let a person or a household belong to a cooperative or collective, with a share in yuan."""
    _allow(staff, organisation)
    require(
        entry_of(organisation, as_of=as_of).has_members,
        _("Only farmers' cooperatives and rural collectives have members."),
        code="no_members_here",
    )
    require((person is None) != (household is None), _("Choose a person or a household."), code="one_member")
    require(share_amount >= 0, _("A share is not negative."), code="negative_share")
    require(valid_from <= as_of, _("The day lies in the future."), code="in_the_future")
    if person is not None:
        _refuse_unfit(person)
    Customer.objects.select_for_update().get(pk=organisation.pk)
    mine = organisation.coop_members.filter(Q(valid_to=None) | Q(valid_to__gt=valid_from))
    if mine.filter(person=person, household=household).exists():
        raise Refused(_("Noted as a member already."), code="noted_already")
    return CoopMember.objects.create(
        organisation=organisation,
        person=person,
        household=household,
        share_amount=share_amount,
        valid_from=valid_from,
        noted_by=staff,
    )


@transaction.atomic
def end_member(*, staff: StaffMember, member: CoopMember, on: date) -> CoopMember:
    """A person or household no longer belongs to it; the row stays."""
    _allow(staff, member.organisation)
    return _end(member, on)


# -- Steps -------------------------------------------------------------------------------------------------------------


def _allow(staff: StaffMember, organisation: Customer) -> None:
    require(
        policies.may_keep(staff, organisation), _("The managing branch keeps the record of an organisation.")
    )
    require(
        organisation.kind == CustomerKind.ORGANISATION, _("This is no organisation."), code="no_organisation"
    )


def _refuse_unfit(person: Customer) -> None:
    is_fit = person.kind == CustomerKind.PERSON and person.state == CustomerState.ACTIVE
    require(is_fit, _("Choose a living person."), code="no_person")


def _end(row, on: date):
    row = type(row).objects.select_for_update(of=["self"]).get(pk=row.pk)
    require(row.valid_to is None, _("This has ended already."), code="ended_already")
    row.valid_to = max(on, row.valid_from)
    row.save(update_fields=["valid_to"])
    return row


def _code(typed: str) -> str:
    return identity.normalize_code(typed).lstrip("#")


def is_customer_number(typed: str) -> bool:
    """Whether a number is one of ours and none of a document: few digits, perhaps with ``#`` before them."""
    text = _code(typed)
    return text.isdecimal() and len(text) < LEAST_DOCUMENT


def find_person(staff: StaffMember, typed: str) -> Customer | None:
    """The person of an identity number or a customer number, of any branch; None when nobody fits."""
    text = _code(typed)
    people = (
        Customer.objects.visible_to(staff).current().filter(kind=CustomerKind.PERSON).select_related("branch")
    )
    if is_customer_number(typed):
        return people.filter(pk=int(text)).first()
    judged = identity.check_resident_id(text)
    if not judged.valid:
        return None
    key = numbers.document_keys(DocumentKind.ID18, judged.normalized).number_key
    held = IdentityDocument.objects.filter(number_key=key, state=DocumentState.HELD)
    return people.filter(pk__in=held.values("customer")).first()
