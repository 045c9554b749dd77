"""What "same person" does: which record stays, whether one person may say it alone, and the joining itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from branches.models import StaffMember
from coopcrm.shared import acting
from coopcrm.shared.errors import Refused
from customers.choices import DocumentState, PairDecision, ReviewState
from customers.merging import policies as merge_policies
from customers.merging.choices import MergeState
from customers.merging.services import merge
from customers.merging.undoing import undo_merge
from customers.models import Customer, Merge, ReviewPair
from customers.review import policies

DISPUTED = _("Two people claim one number: two colleagues decide, after the paper has been seen.")
AT_THE_COUNTER = _("An accountant or director confirms what the counter proposes.")
TAKEN_BACK = gettext_noop("Taken back in the review.")


def root_of(customer: Customer) -> Customer:
    """The record in which a merged one lives on; itself when it stands alone."""
    return customer.merged_into or customer


def second_person(staff: StaffMember, pair: ReviewPair, decision: str) -> list[Any]:
    """Why this decision waits for another person, in words; empty when one person is enough.

    Beside the disputed number, which either answer unblocks, these are the reasons of ``merging``: credit across
    branches, a limit that may rise, two valid numbers.
    """
    if decision not in (PairDecision.SAME, PairDecision.DIFFERENT):
        return []
    reasons: list[Any] = [DISPUTED] if pair.outcome == "CONFLICT" else []
    if decision == PairDecision.DIFFERENT:
        return reasons
    if not policies.may_join(staff, pair):
        reasons.append(AT_THE_COUNTER)
    first, second = root_of(pair.first), root_of(pair.second)
    if not reasons and first.pk != second.pk:
        with acting.on_all_branches():
            reasons += map(_, merge_policies.must_be_confirmed(first, second, pair))
    return reasons


def proposed_survivor(first: Customer, second: Customer) -> Customer:
    """Which of two records stays: a held document, a household, more that is known, then the older one.

    A proposal: whoever decides may swap the two.
    """
    return max((first, second), key=_standing)


def survivor_among(pairs: Iterable[ReviewPair]) -> Customer:
    """Which of all records that these pairs join stays."""
    people = {side.pk: side for pair in pairs for side in (root_of(pair.first), root_of(pair.second))}
    return max(people.values(), key=_standing)


def _standing(customer: Customer) -> tuple[Any, ...]:
    documents = list(customer.documents.all())
    holds = any(row.state == DocumentState.HELD and not row.invalid_reason for row in documents)
    lives = any(row.valid_to is None for row in customer.memberships.all())
    known = sum(
        bool(value) for value in (customer.birth_date, customer.sex, customer.village_id, customer.address)
    )
    rich = known + len(documents) + len(customer.phones.all())
    return holds, lives, rich, -customer.registered_on.toordinal(), -customer.pk


def known_as_two(first: Iterable[int], second: Iterable[int]) -> ReviewPair | None:
    """A standing decision that somebody of the one side is not somebody of the other; records joined before count."""
    ones, others = set(first), set(second)
    across = Q(first__in=ones, second__in=others) | Q(first__in=others, second__in=ones)
    rows = ReviewPair.objects.filter(across, state=ReviewState.DIFFERENT)
    return rows.select_related("first", "second").first()


def records_in(customer: Customer) -> list[int]:
    """Ids of a record and of all that were joined into it."""
    return [customer.pk, *Customer.objects.filter(merged_into=customer).values_list("pk", flat=True)]


def join(
    *,
    staff: StaffMember,
    pair: ReviewPair,
    survivor: Customer | None = None,
    reason: str = "",
    proposed_by: StaffMember | None = None,
) -> Merge | None:
    """Join the two records of a pair; None where they have become one otherwise.

    ``proposed_by`` is the other person where two decide. Raises what ``merging.services.merge`` raises, and ``Refused``
    (``needs_two``) when a reason for a second person came up since the page was shown.
    """
    sides = {side.pk: side for side in (root_of(pair.first), root_of(pair.second))}
    if len(sides) == 1:
        return None
    stays = sides.pop(root_of(survivor).pk, None) if survivor is not None else None
    if stays is None:
        stays = proposed_survivor(*sides.values())
        del sides[stays.pk]
    (other,) = sides.values()
    done = merge(staff=staff, survivor=stays, other=other, pair=pair, reason=reason, proposed_by=proposed_by)
    if done.state != MergeState.DONE:
        raise Refused(_now("Joining these needs a second person. Please decide once more."), code="needs_two")
    return done


def take_apart(*, staff: StaffMember, pair: ReviewPair) -> None:
    """Make two records of one again, when deciding this pair had joined them."""
    row = Merge.objects.filter(pair=pair, state=MergeState.DONE).order_by("-pk").first()
    if row is not None:
        undo_merge(staff=staff, merge=row, reason=_now(TAKEN_BACK))
