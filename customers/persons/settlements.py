"""Two persons claim one number: who holds it is settled by two people, after the paper has been seen.

One who has seen the paper proposes the holder, another confirms (``branches.proposals``). The other one's document is
retired with the reason; whoever has no other dispute may be given credit again (handbook §6.3).
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from branches import proposals
from branches.models import Proposal, StaffMember
from coopcrm.shared.errors import Refused, require
from customers import masking, selectors
from customers.choices import DocumentState, PairDecision, RetiredBecause, ReviewState
from customers.models import Customer, IdentityDocument, ReviewPair
from customers.persons import policies
from customers.persons.documents import retire
from customers.review import log

KIND = "customers.document"


@dataclass(frozen=True)
class Dispute:
    """A claim to a number that somebody else holds."""

    claim: IdentityDocument
    held: IdentityDocument

    @property
    def sides(self) -> tuple[Customer, Customer]:
        """Who claims and who holds."""
        return self.claim.customer, self.held.customer


def visible_to(staff: StaffMember) -> QuerySet[IdentityDocument]:
    """Documents of customers the person works with, and claims of others to the numbers that those hold."""
    mine = Customer.objects.managed_for(staff)
    held = IdentityDocument.objects.filter(
        kind=OuterRef("kind"),
        number_key=OuterRef("number_key"),
        state=DocumentState.HELD,
        customer__in=mine,
    )
    is_claim = Q(state=DocumentState.DISPUTED) & Q(Exists(held))
    return IdentityDocument.objects.filter(Q(customer__in=mine) | is_claim)


def dispute_of(claim: IdentityDocument) -> Dispute | None:
    """The dispute that a DISPUTED document stands in; None once the number is free."""
    rows = IdentityDocument.objects.filter(
        kind=claim.kind, number_key=bytes(claim.number_key), state=DocumentState.HELD
    )
    held = rows.select_related("customer__branch", "customer__village").first()
    if claim.state != DocumentState.DISPUTED or held is None:
        return None
    return Dispute(claim, held)


def claims_to(documents: list[IdentityDocument]) -> dict[int, list[IdentityDocument]]:
    """Claims of others by the id of the held document they dispute; one query."""
    held = {(row.kind, bytes(row.number_key)): row.pk for row in documents if row.state == DocumentState.HELD}
    if not held:
        return {}
    keys = [key for _kind, key in held]
    rows = IdentityDocument.objects.filter(number_key__in=keys, state=DocumentState.DISPUTED)
    rows = rows.select_related("customer__branch")
    found: dict[int, list[IdentityDocument]] = {}
    for claim in rows.order_by("pk"):
        pk = held.get((claim.kind, bytes(claim.number_key)))
        if pk is not None:
            found.setdefault(pk, []).append(claim)
    return found


def propose_settlement(
    *, staff: StaffMember, claim: IdentityDocument, holder: Customer, reason: str
) -> Proposal:
    """Say who holds a disputed number after seeing the paper; another person confirms it.

    Raises ``Refused`` with the codes ``not_disputed``, ``not_a_side``, ``reason_missing`` and ``proposed_already``.
    """
    dispute = _open(claim)
    require(
        policies.may_propose_settlement(staff, *dispute.sides),
        _("A branch that manages one of the two looks at the paper and proposes."),
    )
    require(holder in dispute.sides, _("Choose one of the two."), code="not_a_side")
    require(reason.strip(), _("Say what the paper shows."), code="reason_missing")
    claimant, held_by = dispute.sides
    return proposals.propose(
        KIND,
        by=staff,
        subject=claim,
        change={"holder": holder.pk},
        reason=reason,
        branch=held_by.branch,
        asked_from=claimant.branch if claimant.branch_id != held_by.branch_id else None,
    )


def _open(claim: IdentityDocument) -> Dispute:
    dispute = dispute_of(claim)
    if dispute is None:
        raise Refused(_("Nobody else claims this number any more."), code="not_disputed")
    return dispute


# -- What the proposal does --------------------------------------------------------------------------------------------


def _dispute(proposal: Proposal) -> Dispute | None:
    claim = proposals.subject_of(proposal)
    return dispute_of(claim) if claim is not None else None


def _may_propose(staff: StaffMember, proposal: Proposal) -> bool:
    dispute = _dispute(proposal)
    return dispute is not None and policies.may_propose_settlement(staff, *dispute.sides)


def _may_confirm(staff: StaffMember, proposal: Proposal) -> bool:
    dispute = _dispute(proposal)
    return dispute is not None and policies.may_confirm_settlement(staff, *dispute.sides)


def _describe(staff: StaffMember, proposal: Proposal) -> str:
    claim = proposals.subject_of(proposal)
    text = masking.mask_id(claim.open("number"), "detail")
    return f"{claim.get_kind_display()} {text}"


def _lines(staff: StaffMember, proposal: Proposal) -> list[proposals.Line]:
    names = Customer.objects.in_bulk([proposal.change["holder"]])
    holder = names.get(proposal.change["holder"])
    shown = selectors.name_for(staff, holder) if holder else None
    return [proposals.Line(_("Holds the number"), None, shown)]


@proposals.kind(
    KIND,
    title=gettext_lazy("Who holds a disputed number"),
    may_propose=_may_propose,
    may_confirm=_may_confirm,
    describe=_describe,
    lines=_lines,
    page="customers:settle-document",
    confirmers=policies.SETTLERS,
)
def settle(proposal: Proposal, by: StaffMember) -> None:
    """Give the number to whom the paper names, retire the other's document, lift blocks that have no cause."""
    rows = IdentityDocument.objects.select_for_update(of=["self"]).select_related("customer__branch")
    claim = rows.get(pk=proposal.subject_id)
    dispute = _open(claim)
    held = rows.get(pk=dispute.held.pk)
    claimant, before = claim.customer, held.customer
    today = timezone.localdate()
    is_claimant = proposal.change["holder"] == claimant.pk
    retire(held if is_claimant else claim, by, RetiredBecause.SETTLED, today, proposal.reason)
    if is_claimant:
        claim.state = DocumentState.HELD
        claim.save(update_fields=["state"])
    Customer.objects.filter(pk=proposal.change["holder"]).update(verified_on=today)
    first, second = sorted((claimant.pk, before.pk))
    for pair in ReviewPair.objects.undecided().filter(first=first, second=second):
        pair.state, pair.decided_by, pair.decided_at = ReviewState.DIFFERENT, by, timezone.now()
        pair.save(update_fields=["state", "decided_by", "decided_at"])
        log.write(pair, PairDecision.DIFFERENT, decided_by=by, proposed_by=proposal.proposed_by)
    lift_blocks([claimant.pk, before.pk])


def lift_blocks(ids: list[int]) -> int:
    """Let customers have credit again who neither claim a disputed number nor hold one that others claim."""
    flagged = Customer.objects.filter(pk__in=ids, identity_conflict=True)
    return flagged.exclude(pk__in=still_disputed(ids)).update(identity_conflict=False)


def still_disputed(ids: list[int]) -> set[int]:
    """Customers with an undecided conflict: a claim of theirs, a claim to what they hold, an open pair of rule R2."""
    documents = list(IdentityDocument.objects.in_use().filter(customer__in=ids))
    claimed = claims_to(documents)
    found = {row.customer_id for row in documents if row.state == DocumentState.DISPUTED or row.pk in claimed}
    undecided = ReviewPair.objects.undecided().filter(outcome="CONFLICT")
    pairs = undecided.filter(Q(first__in=ids) | Q(second__in=ids)).values_list("first", "second")
    return found | {pk for pair in pairs for pk in pair}
