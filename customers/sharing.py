"""A person whom another branch manages: what is known, asking for sharing or transfer, and what an answer does.

The managing branch answers from its queue (``branches.proposals``); until then the asking branch learns nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from branches import proposals
from branches.models import Proposal, StaffMember, Unit
from coopcrm.shared.errors import Refused, require
from customers import consents, masking, policies
from customers.choices import Purpose, SharingPurpose
from customers.models import Customer, Household, Sharing
from customers.portfolios.organisations import release as release_organisation
from customers.portfolios.services import release_household
from customers.tasks.services import move_tasks

SHARING, TRANSFER = "customers.sharing", "customers.transfer"
SHARED_DAYS = 30
PURPOSES = dict(SharingPurpose.choices)
WITH_CONSENT = frozenset({SharingPurpose.SERVICE, SharingPurpose.MOVING})
"""Purposes that rest on the person's consent; the others on contract and legal duty (handbook §6.6)."""


# -- Known elsewhere ---------------------------------------------------------------------------------------------------


def last_contacts(ids: list[int]) -> dict[int, date]:
    """First day of the month in which each customer was last visited; one query.

    A function of the database tells the month alone, of every branch: the visits themselves stay where they belong.
    """
    if not ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, coopcrm_last_visit_month(id) FROM unnest(%s::bigint[]) AS id", [ids])
        return dict(cursor.fetchall())


@dataclass(frozen=True)
class KnownElsewhere:
    """All that other branches see of a customer; ``last_contact`` is a month, 2026-03."""

    pk: int
    name: str
    village: str
    branch: str
    last_contact: str


def known_elsewhere(customers: Sequence[Any]) -> dict[int, KnownElsewhere]:
    """Masked cards of customers of other branches by id (or of people found); one query besides branch and village."""
    months = last_contacts([customer.pk for customer in customers])
    return {customer.pk: _card(customer, months.get(customer.pk)) for customer in customers}


def _card(customer: Any, visited: date | None) -> KnownElsewhere:
    last = max(filter(None, (visited, customer.verified_on, customer.registered_on)))
    village = str(customer.village) if customer.village else ""
    name = masking.mask_name(customer.name)
    return KnownElsewhere(customer.pk, name, village, str(customer.branch), f"{last:%Y-%m}")


# -- Asking ------------------------------------------------------------------------------------------------------------


def asking_branch(staff: StaffMember) -> Unit | None:
    """The branch in whose name a person asks: the first of their branches."""
    return Unit.objects.filter(pk__in=staff.scope.branch_ids).order_by("pk").first()


def ask_for_sharing(*, staff: StaffMember, customer: Customer, purpose: str, reason: str = "") -> Proposal:
    """Ask the managing branch to let the own branch read the household for a while."""
    require(purpose in PURPOSES, _("Choose what you need it for."), code="purpose_missing")
    return _ask(SHARING, staff, customer, {"purpose": purpose, "days": SHARED_DAYS}, reason)


def ask_for_transfer(*, staff: StaffMember, customer: Customer, reason: str) -> Proposal:
    """Ask the managing branch to hand the household over to the own branch."""
    require(reason.strip(), _("Say why the household should move to your branch."), code="reason_missing")
    branch = asking_branch(staff)
    return _ask(TRANSFER, staff, customer, {"branch": branch.pk if branch else None}, reason)


def _ask(kind: str, staff: StaffMember, customer: Customer, change: dict, reason: str) -> Proposal:
    branch = asking_branch(staff)
    return proposals.propose(
        kind,
        subject=customer,
        change=change,
        reason=reason,
        by=staff,
        key=str(branch.pk) if branch else "",
        branch=customer.branch,
        asked_from=branch,
    )


def asked(staff: StaffMember, customer: Customer) -> list[Proposal]:
    """What the person's branches have asked about a customer, the latest first: open, or answered of late."""
    since = timezone.now() - timedelta(days=SHARED_DAYS)
    rows = Proposal.objects.about(customer).filter(
        kind__in=(SHARING, TRANSFER), asked_from__in=staff.scope.branch_ids, proposed_at__gt=since
    )
    return list(rows.select_related("proposed_by", "decided_by").order_by("-pk")[:4])


def sharing_of(staff: StaffMember, customer: Customer, today: date) -> Sharing | None:
    """The sharing that opens the customer's household to the person's branches today."""
    rows = Sharing.objects.filter(
        branch__in=staff.scope.branch_ids,
        household__memberships__customer=customer,
        household__memberships__valid_to=None,
    )
    return rows.on(today).select_related("household", "branch").first()


def sharings_of(staff: StaffMember, household: Household, today: date) -> list[Sharing]:
    """With whom a household is shared today, as those see it whom it concerns."""
    rows = Sharing.objects.visible_to(staff).filter(household=household).on(today)
    return list(rows.select_related("branch", "asked_by", "granted_by").order_by("pk"))


@transaction.atomic
def end_sharing(*, staff: StaffMember, sharing: Sharing, today: date) -> Sharing:
    """End a sharing today; either branch may. A second click changes nothing."""
    sharing = Sharing.objects.select_for_update(of=["self"]).select_related("household").get(pk=sharing.pk)
    require(
        policies.may_end_sharing(staff, sharing), _("The branch that shares or the one that reads ends it.")
    )
    if sharing.valid_to <= today:
        return sharing
    sharing.valid_to = max(today, sharing.valid_from)
    sharing.ended_by, sharing.ended_at = staff, timezone.now()
    sharing.save(update_fields=["valid_to", "ended_by", "ended_at"])
    return sharing


# -- Answers (branches.proposals) --------------------------------------------------------------------------------------


def _may_ask(staff: StaffMember, proposal: Proposal) -> bool:
    return policies.may_ask_elsewhere(staff, proposals.subject_of(proposal))


def _may_answer(staff: StaffMember, proposal: Proposal) -> bool:
    return policies.may_answer_elsewhere(staff, proposal.branch_id)


def _named(staff: StaffMember, proposal: Proposal) -> str:
    customer = proposals.subject_of(proposal)
    if policies.may_read_fully(staff, customer):
        return customer.name
    return masking.mask_name(customer.name)


def _url(proposal: Proposal) -> str:
    return reverse("customers:customer", args=[proposal.subject_id])


def _sharing_lines(staff: StaffMember, proposal: Proposal) -> list[proposals.Line]:
    parts = _("household, members, facts and visits; no numbers, accounts, loans or ratings")
    purpose, customer = proposal.change["purpose"], proposals.subject_of(proposal)
    lines = [
        proposals.Line(pgettext("what is shared", "Reads"), None, parts),
        proposals.Line(_("Purpose"), None, PURPOSES.get(purpose)),
        proposals.Line(_("Days"), None, proposal.change["days"]),
    ]
    if purpose in WITH_CONSENT and policies.may_read_fully(staff, customer):
        said = _("given") if _has_consented(customer) else _("not given: it cannot be confirmed before")
        lines.append(proposals.Line(_("Consent to sharing with other branches"), None, said))
    return lines


def _has_consented(customer: Customer) -> bool:
    return consents.may_use(customer, Purpose.SHARE_BRANCHES, on=timezone.localdate())


def _transfer_lines(staff: StaffMember, proposal: Proposal) -> list[proposals.Line]:
    return [proposals.Line(_("Managing branch"), proposal.branch, proposal.asked_from)]


def _household_of(customer: Customer) -> Household | None:
    current = customer.memberships.filter(valid_to=None).select_related("household").first()
    if current is None:
        return None
    return Household.objects.select_for_update().get(pk=current.household_id)


LOOK: dict[str, Any] = {
    "may_propose": _may_ask,
    "may_confirm": _may_answer,
    "describe": _named,
    "url": _url,
    "confirmers": policies.DIRECTORS,
}


@proposals.kind(SHARING, title=gettext_lazy("Let a branch read a household"), lines=_sharing_lines, **LOOK)
def share(proposal: Proposal, by: StaffMember) -> Sharing:
    """Open the household to the asking branch for a while."""
    customer, today = proposals.subject_of(proposal), timezone.localdate()
    if proposal.change["purpose"] in WITH_CONSENT and not _has_consented(customer):
        text = _("The person has not agreed to sharing with other branches.")
        raise Refused(text, code="no_consent")
    household = _household_of(customer)
    if household is None or household.branch_id != proposal.branch_id:
        raise Refused(_("There is no household of your branch to share."), code="no_household")
    return Sharing.objects.create(
        household=household,
        branch=proposal.asked_from,
        purpose=proposal.change["purpose"],
        valid_from=today,
        valid_to=today + timedelta(days=proposal.change["days"]),
        asked_by=proposal.proposed_by,
        granted_by=by,
    )


@proposals.kind(
    TRANSFER, title=gettext_lazy("Hand a household over to another branch"), lines=_transfer_lines, **LOOK
)
def transfer(proposal: Proposal, by: StaffMember) -> None:
    """The asking branch manages the household and its members from today; what was shared with it ends."""
    customer, today, new = proposals.subject_of(proposal), timezone.localdate(), proposal.asked_from
    household = _household_of(customer)
    if household is None:
        release_organisation(customer, on=today)
        move_tasks(to=new, people=[customer.pk])
        Customer.objects.filter(pk=customer.pk).update(branch=new)
        return
    if household.branch_id != proposal.branch_id:
        raise Refused(_("The household belongs to another branch meanwhile."), code="changed_meanwhile")
    members = list(household.memberships.filter(valid_to=None).values_list("customer", flat=True))
    release_household(household, on=today)
    for sharing in household.sharings.filter(branch=new).on(today):
        sharing.valid_to, sharing.ended_by, sharing.ended_at = today, by, timezone.now()
        sharing.save(update_fields=["valid_to", "ended_by", "ended_at"])
    move_tasks(to=new, household=household, people=members)
    Customer.objects.filter(pk__in=members).update(branch=new)
    Household.objects.filter(pk=household.pk).update(branch=new)
