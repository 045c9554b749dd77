"""Deeds of the review: decide, propose to a second person, carry out, take back. Every decision is kept for ever."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from branches import proposals
from branches.choices import ProposalState
from branches.models import Proposal, StaffMember
from coopcrm.shared.errors import Refused, require
from customers import selectors
from customers.choices import DecisionGround, DecisionStep, PairDecision, ReviewState
from customers.models import Customer, ReviewDecision, ReviewPair
from customers.persons.settlements import lift_blocks
from customers.review import asking, joining, policies, queue
from customers.review.grouping import clusters
from customers.review.log import write
from customers.review.reasons import rule_words

KIND = queue.PROPOSAL_KIND
DECISIONS = (PairDecision.SAME, PairDecision.DIFFERENT, PairDecision.LATER)
UNDO_HOURS = 12
LONGEST_LOOK = 3600
MOST_TOGETHER = 30


# -- Deciding ----------------------------------------------------------------------------------------------------------


@transaction.atomic
def decide_pair(
    *,
    staff: StaffMember,
    pair: ReviewPair,
    decision: str,
    survivor: Customer | None = None,
    ground: str = DecisionGround.RECORDS,
    note: str = "",
    seconds: int | None = None,
) -> ReviewDecision:
    """Say whether two customers are one person, or that it is asked at the next contact.

    What needs two people is proposed and waits (``step`` is PROPOSED). ``survivor`` is the record that stays, by
    default the one that ``joining`` proposes; ``ground`` says what the person went by, ``note`` goes with a
    proposal or a joining. Raises ``PermissionRefused``, and ``Refused`` with the codes
    ``unknown_decision``, ``decided_already``, ``proposed_already``, ``number_in_text``, ``known_as_two`` and those of
    ``merging.services.merge``.
    """
    pair = locked(pair)
    require(
        policies.may_decide_pair(staff, pair),
        _("Counter and directors of a branch that manages one of the two decide."),
    )
    require(decision in DECISIONS, _("Choose same, different or later."), code="unknown_decision")
    require(pair.is_undecided, _("Somebody has decided this pair meanwhile."), code="decided_already")
    if decision == PairDecision.SAME:
        survivor = survivor or joining.proposed_survivor(pair.first, pair.second)
        _refuse_contradiction(pair)
    note = _checked_note(note)
    kept = {"ground": ground, "seconds": _plausible(seconds)}
    if joining.second_person(staff, pair, decision):
        change = {"decision": decision, "survivor": survivor.pk if survivor else None, "ground": ground}
        return _propose(staff, pair, change, note, kept["seconds"])
    if waiting := waiting_for(pair):
        require(
            waiting.proposed_by_id == staff.pk,
            _("A proposal waits; confirm or decline it."),
            code="proposed_already",
        )
        proposals.withdraw(waiting, by=staff)
    return _carry_out(staff, pair, decision, survivor, note, **kept)


def locked(pair: ReviewPair) -> ReviewPair:
    """The pair under a lock, with both sides."""
    rows = ReviewPair.objects.select_for_update(of=["self"])
    return rows.select_related("first__merged_into", "second__merged_into").get(pk=pair.pk)


def _checked_note(note: str) -> str:
    note = " ".join(note.split())[:300]
    require(not proposals.holds_a_number(note), _("Leave numbers out of the note."), code="number_in_text")
    return note


def _plausible(seconds: int | None) -> int | None:
    return seconds if seconds is not None and 0 <= seconds <= LONGEST_LOOK else None


def _refuse_contradiction(pair: ReviewPair) -> None:
    first, second = joining.root_of(pair.first), joining.root_of(pair.second)
    if first.pk == second.pk:
        return
    known = joining.known_as_two(joining.records_in(first), joining.records_in(second))
    if known is not None and known.pk != pair.pk:
        raise Refused(
            _(
                "Of these records two were decided to be different persons (pair %(pk)s); take that back first."
            )
            % {"pk": f"#{known.pk}"},
            code="known_as_two",
        )


def _carry_out(
    staff: StaffMember, pair: ReviewPair, decision: str, survivor: Customer | None, note: str, **kept
) -> ReviewDecision:
    now = timezone.now()
    pair.state, pair.decided_by, pair.decided_at = decision, staff, now
    pair.save(update_fields=["state", "decided_by", "decided_at"])
    done = write(pair, decision, decided_by=staff, **kept)
    if decision == PairDecision.SAME:
        proposer = kept.get("proposed_by")
        joining.join(staff=staff, pair=pair, survivor=survivor, reason=note, proposed_by=proposer)
    if decision == PairDecision.LATER:
        asking.open_question(pair, timezone.localdate(now))
    else:
        asking.drop_question(pair, timezone.localdate(now))
    if pair.outcome == "CONFLICT" and decision == PairDecision.DIFFERENT:
        lift_blocks([pair.first_id, pair.second_id])
    return done


# -- Several at once ---------------------------------------------------------------------------------------------------


@transaction.atomic
def decide_group(
    *, staff: StaffMember, pairs: Sequence[ReviewPair], decision: str, people: Collection[int] = ()
) -> list[ReviewDecision]:
    """Decide pairs that hang together, all or none; what waits for a second person already is left alone.

    With SAME the marked ``people`` are one person and nobody else of the group is; the other decisions hold for every
    pair. Raises what :func:`decide_pair` raises, and ``Refused`` (``not_linked``) for people whom no pairs join.
    """
    rows = ReviewPair.objects.filter(pk__in=[pair.pk for pair in pairs])
    waiting = set(queue.in_tab(rows, queue.CONFIRM).values_list("pk", flat=True))
    free = [pair for pair in pairs if pair.pk not in waiting]
    if decision != PairDecision.SAME:
        return [decide_pair(staff=staff, pair=pair, decision=decision) for pair in free]
    inside = [pair for pair in free if {pair.first_id, pair.second_id} <= set(people)]
    leaders = clusters((pair.first_id, pair.second_id) for pair in inside)
    if set(leaders) != set(people) or len(set(leaders.values())) != 1:
        raise Refused(_("Mark at least two that pairs join with each other."), code="not_linked")
    apart = [pair for pair in free if len({pair.first_id, pair.second_id} & set(people)) == 1]
    survivor = joining.survivor_among(inside)
    done = [decide_pair(staff=staff, pair=pair, decision=decision, survivor=survivor) for pair in inside]
    return done + [decide_pair(staff=staff, pair=pair, decision=PairDecision.DIFFERENT) for pair in apart]


def likely_one(pairs: Sequence[ReviewPair]) -> set[int]:
    """Whom of a group the machine takes for one person: those joined by pairs that rather are than are not."""
    likely = [pair for pair in pairs if pair.weight >= 0 and pair.outcome in ("PROBABLE", "POSSIBLE")]
    leaders = clusters((pair.first_id, pair.second_id) for pair in likely)
    largest = Counter(leaders.values()).most_common(1)
    return {pk for pk, leader in leaders.items() if largest and leader == largest[0][0]}


# -- Two people --------------------------------------------------------------------------------------------------------


def waiting_for(pair: ReviewPair) -> Proposal | None:
    """The proposal about a pair that waits for a second person."""
    rows = Proposal.objects.filter(kind=KIND).about(pair).waiting(timezone.now())
    return rows.select_related("proposed_by").first()


def _propose(
    staff: StaffMember, pair: ReviewPair, change: dict, note: str, seconds: int | None
) -> ReviewDecision:
    first, second = pair.first.branch, pair.second.branch
    proposal = proposals.propose(
        KIND,
        by=staff,
        subject=pair,
        change=change,
        reason=note,
        branch=first,
        asked_from=second if second != first else None,
    )
    kept = {"decided_by": staff, "ground": change["ground"], "seconds": seconds}
    return write(pair, change["decision"], step=DecisionStep.PROPOSED, proposal=proposal.pk, **kept)


def _may_propose(staff: StaffMember, proposal: Proposal) -> bool:
    pair = proposals.subject_of(proposal)
    return pair is not None and policies.may_decide_pair(staff, pair)


def _may_confirm(staff: StaffMember, proposal: Proposal) -> bool:
    pair = proposals.subject_of(proposal)
    return pair is not None and policies.may_confirm_pair(staff, pair)


def _describe(staff: StaffMember, proposal: Proposal) -> str:
    pair = proposals.subject_of(proposal)
    return " · ".join(selectors.name_for(staff, side) for side in (pair.first, pair.second))


def _lines(staff: StaffMember, proposal: Proposal) -> list[proposals.Line]:
    change, pair = proposal.change, proposals.subject_of(proposal)
    lines = [
        proposals.Line(_("Decision"), None, PairDecision(change["decision"]).label),
        proposals.Line(_("Why the two may be one"), None, rule_words(pair)),
    ]
    if change["ground"]:
        lines.append(proposals.Line(_("Because"), None, DecisionGround(change["ground"]).label))
    if change["survivor"]:
        kept = Customer.objects.select_related("branch").get(pk=change["survivor"])
        said = selectors.name_for(staff, kept), kept.branch, kept.registered_on.isoformat()
        lines.append(proposals.Line(_("The record that stays"), None, " · ".join(map(str, said))))
    return lines


@proposals.kind(
    KIND,
    title=gettext_lazy("Whether two records are one person"),
    may_propose=_may_propose,
    may_confirm=_may_confirm,
    describe=_describe,
    lines=_lines,
    page="customers:review-pair",
    confirmers=policies.CONFIRMERS,
)
def carry_out_proposal(proposal: Proposal, by: StaffMember) -> ReviewDecision:
    """What the second person has confirmed is done now."""
    pair = locked(proposals.subject_of(proposal))
    require(pair.is_undecided, _("Somebody has decided this pair meanwhile."), code="decided_already")
    decision, kept = proposal.change["decision"], proposal.change["survivor"]
    survivor = Customer.objects.get(pk=kept) if kept else None
    if decision == PairDecision.SAME:
        _refuse_contradiction(pair)
    more = {"ground": proposal.change["ground"], "proposed_by": proposal.proposed_by, "proposal": proposal.pk}
    return _carry_out(by, pair, decision, survivor, proposal.reason, **more)


# -- Taking back -------------------------------------------------------------------------------------------------------


def undoable_by(staff: StaffMember) -> QuerySet[ReviewDecision]:
    """A person's own decisions that still stand and nobody else has signed, the last one first."""
    since = timezone.now() - timedelta(hours=UNDO_HOURS)
    rows = ReviewDecision.objects.filter(
        decided_by=staff, decided_at__gte=since, proposed_by=None, undone_by=None
    )
    rows = rows.exclude(decision=PairDecision.UNDONE).order_by("-pk")
    return rows.select_related("pair__first", "pair__second")


def last_undoable(staff: StaffMember) -> ReviewDecision | None:
    """The person's last decision, while it can be taken back: nobody has decided or confirmed since."""
    for decision in undoable_by(staff)[:5]:
        if is_undoable(decision):
            return decision
    return None


def is_undoable(decision: ReviewDecision) -> bool:
    """Whether the decision is still what stands about its pair."""
    if decision.step == DecisionStep.PROPOSED:
        return Proposal.objects.filter(pk=decision.proposal, state=ProposalState.OPEN).exists()
    return decision.pair.state == decision.decision and decision.pair.decided_by_id == decision.decided_by_id


@transaction.atomic
def undo_last(*, staff: StaffMember) -> ReviewDecision:
    """Take back the person's last decision; raises ``Refused`` (``nothing_to_undo``) when there is none."""
    decision = last_undoable(staff)
    if decision is None:
        raise Refused(_("There is nothing of today that you could take back."), code="nothing_to_undo")
    pair = locked(decision.pair)
    decision.pair = pair
    if not is_undoable(decision):
        raise Refused(_("Somebody has decided this pair meanwhile."), code="decided_already")
    if decision.step == DecisionStep.PROPOSED:
        proposals.withdraw(Proposal.objects.get(pk=decision.proposal), by=staff)
    else:
        _reopen(staff, pair, decision)
    return write(pair, PairDecision.UNDONE, decided_by=staff, undoes=decision)


def _reopen(staff: StaffMember, pair: ReviewPair, decision: ReviewDecision) -> None:
    if decision.decision == PairDecision.SAME:
        joining.take_apart(staff=staff, pair=pair)
    if decision.decision == PairDecision.LATER:
        asking.drop_question(pair, timezone.localdate())
    pair.state, pair.decided_by, pair.decided_at = ReviewState.OPEN, None, None
    pair.save(update_fields=["state", "decided_by", "decided_at"])
    if pair.outcome == "CONFLICT":
        Customer.objects.filter(pk__in=[pair.first_id, pair.second_id]).update(identity_conflict=True)
