"""Chainable filters of the registry, among them who may see which rows."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.db.models import Case, CharField, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.utils import timezone

from branches.choices import PostCode
from branches.models import Proposal
from coopcrm.shared import acting
from customers.choices import SETTLED, UNDECIDED, DocumentState, RetiredBecause, RowOutcome
from customers.merging.choices import NOT_JOINED, MergeState

if TYPE_CHECKING:
    from branches.models import StaffMember
    from branches.scopes import Scope

SEE_LOCKED = (PostCode.AUDITOR, PostCode.UNION_RISK)


class NoScope(PermissionDenied):
    """Rows were asked for in the name of somebody who holds no post; nothing is queried, a page answers 403."""


def require_scope(staff: StaffMember):
    """Return the scope of ``staff``; raises before any query when nobody acts or the person holds no post.

    A request or task that has not said who acts would read nothing, for row-level security opens no row to it: that
    is an error of ours and not an empty list.
    """
    if acting.current().scope is None:
        raise acting.NobodyActs(
            f"Rows for {staff.username} were asked for outside any request, order or command."
        )
    scope = staff.scope
    if not scope.posts:
        raise NoScope(f"{staff.username} holds no post today.")
    return scope


def shared_with(scope) -> QuerySet:
    """Ids of households that other branches let the person's branches read today."""
    from customers.models import Sharing

    return Sharing.objects.filter(branch__in=scope.branch_ids).on(timezone.localdate()).values("household")


class CustomerQuerySet(QuerySet):
    """The registry card is shared by all branches; what lies beneath it belongs to the managing branch."""

    def visible_to(self, staff: StaffMember) -> CustomerQuerySet:
        """Every customer, for everybody with a post: the card is masked outside the managing branch."""
        return self.unlocked_for(require_scope(staff))

    def managed_for(self, staff: StaffMember) -> CustomerQuerySet:
        """Customers whose full record the person works with."""
        scope = require_scope(staff)
        rows = self.unlocked_for(scope)
        return rows if scope.sees_union else rows.filter(branch__in=scope.branch_ids)

    def unlocked_for(self, scope: Scope | None) -> CustomerQuerySet:
        """Without the records that are kept for the law alone; audit and the union's risk desk see those too."""
        sees_locked = scope is not None and scope.holds(*SEE_LOCKED)
        return self if sees_locked else self.filter(is_locked=False)

    def current(self) -> CustomerQuerySet:
        """Without records that were merged into another."""
        return self.filter(merged_into=None)


class BranchRowQuerySet(QuerySet):
    """Rows that carry the managing branch themselves (``branch``)."""

    def visible_to(self, staff: StaffMember) -> BranchRowQuerySet:
        """Rows of the person's branches; of all branches for head office and audit."""
        scope = require_scope(staff)
        return self if scope.sees_union else self.filter(branch__in=scope.branch_ids)


class HouseholdQuerySet(BranchRowQuerySet):
    """Households: those of the person's branches, and those shared with them for a while."""

    def visible_to(self, staff: StaffMember) -> HouseholdQuerySet:
        """Own households and shared ones; of all branches for head office and audit."""
        scope = require_scope(staff)
        if scope.sees_union:
            return self
        return self.filter(Q(branch__in=scope.branch_ids) | Q(pk__in=shared_with(scope)))

    def managed_for(self, staff: StaffMember) -> HouseholdQuerySet:
        """Own households alone."""
        return BranchRowQuerySet.visible_to(self, staff)


class OfHouseholdQuerySet(QuerySet):
    """Rows that follow the managing branch of their household."""

    def visible_to(self, staff: StaffMember) -> OfHouseholdQuerySet:
        """Rows of households of the person's branches; of all branches for head office and audit."""
        scope = require_scope(staff)
        return self if scope.sees_union else self.filter(household__branch__in=scope.branch_ids)


class BranchOrCustomerQuerySet(QuerySet):
    """Rows that a branch made and that follow their customer as well: both branches see them."""

    def visible_to(self, staff: StaffMember) -> BranchOrCustomerQuerySet:
        """Rows made by the person's branches or about their customers; all for head office and audit."""
        scope = require_scope(staff)
        if scope.sees_union:
            return self
        return self.filter(Q(branch__in=scope.branch_ids) | Q(customer__branch__in=scope.branch_ids))


class LedgerRowQuerySet(BranchOrCustomerQuerySet):
    """Rows of ledgers: seen like any row that a branch made, open until somebody corrects them."""

    def with_standing(self, code: str) -> LedgerRowQuerySet:
        """Rows of an outcome that stands, or those that came back corrected."""
        return self.filter(standing(code))

    def still_open(self) -> LedgerRowQuerySet:
        """Rows that were refused or wait for review, neither corrected nor taken back."""
        asked = (RowOutcome.REJECTED, RowOutcome.REVIEW)
        return self.filter(outcome__in=asked, settled_by=None, undone_at=None)


def standing(code: str) -> Q:
    """Rows with an outcome that stands; ``settled``: those that came back corrected."""
    return Q(settled_by__isnull=False) if code == SETTLED else Q(outcome=code, settled_by=None)


class BranchOrHouseholdQuerySet(QuerySet):
    """Rows that a branch booked and that follow their household as well: both branches see them."""

    def visible_to(self, staff: StaffMember) -> BranchOrHouseholdQuerySet:
        """Rows booked by the person's branches or about their households; all for head office and audit."""
        scope = require_scope(staff)
        if scope.sees_union:
            return self
        return self.filter(Q(branch__in=scope.branch_ids) | Q(household__branch__in=scope.branch_ids))


class UploadQuerySet(QuerySet):
    """Ledgers on their way in: the uploader's own, and those with a file of the person's branches."""

    def visible_to(self, staff: StaffMember) -> UploadQuerySet:
        """Own uploads and those that concern the person's branches; all for head office and audit."""
        scope = require_scope(staff)
        if scope.sees_union:
            return self
        return self.filter(Q(uploaded_by=staff) | Q(files__branch__in=scope.branch_ids)).distinct()


class PairQuerySet(QuerySet):
    """Possible duplicates."""

    def visible_to(self, staff: StaffMember) -> PairQuerySet:
        """Pairs of which one side at least belongs to the person's branches."""
        scope = require_scope(staff)
        if scope.sees_union:
            return self
        branches = scope.branch_ids
        return self.filter(Q(first__branch__in=branches) | Q(second__branch__in=branches))

    def undecided(self) -> PairQuerySet:
        """About which people have to decide, now or at the next contact."""
        return self.filter(state__in=UNDECIDED)


class DecisionQuerySet(QuerySet):
    """Decisions about possible duplicates."""

    def visible_to(self, staff: StaffMember) -> DecisionQuerySet:
        """Decisions about the pairs that the person sees."""
        scope = require_scope(staff)
        if scope.sees_union:
            return self
        branches = scope.branch_ids
        return self.filter(Q(pair__first__branch__in=branches) | Q(pair__second__branch__in=branches))

    def standing(self) -> DecisionQuerySet:
        """Carried out and not taken back."""
        return self.filter(step="done", undone_by=None).exclude(decision="undone")


class SharedPartQuerySet(OfHouseholdQuerySet):
    """Rows that are shared together with their household: members, facts, visits."""

    def visible_to(self, staff: StaffMember) -> SharedPartQuerySet:
        """Rows of own and of shared households; of all branches for head office and audit."""
        scope = require_scope(staff)
        if scope.sees_union:
            return self
        own = Q(household__branch__in=scope.branch_ids)
        return self.filter(own | Q(household__in=shared_with(scope)))


class SharingQuerySet(QuerySet):
    """Sharings are seen by the branch that shares and by the branch that reads."""

    def visible_to(self, staff: StaffMember) -> SharingQuerySet:
        """Given or received by the person's branches; all for head office and audit."""
        scope = require_scope(staff)
        if scope.sees_union:
            return self
        given = Q(household__branch__in=scope.branch_ids)
        return self.filter(given | Q(branch__in=scope.branch_ids))

    def on(self, day: date) -> SharingQuerySet:
        """In force on a day."""
        return self.filter(valid_from__lte=day, valid_to__gt=day)


class OfCustomerQuerySet(QuerySet):
    """Rows that follow the managing branch of their customer."""

    def visible_to(self, staff: StaffMember) -> OfCustomerQuerySet:
        """Rows of customers of the person's branches; of all branches for head office and audit."""
        scope = require_scope(staff)
        return self if scope.sees_union else self.filter(customer__branch__in=scope.branch_ids)


class OfOrganisationQuerySet(QuerySet):
    """Rows that follow the managing branch of their organisation."""

    def visible_to(self, staff: StaffMember) -> OfOrganisationQuerySet:
        """Rows of organisations of the person's branches; of all for head office and audit."""
        scope = require_scope(staff)
        return self if scope.sees_union else self.filter(self.managed_by(scope.branch_ids))

    def managed_by(self, branch_ids) -> Q:
        """How a row finds out whose it is."""
        road = "customer" if self.model._meta.model_name == "organisation" else "organisation"
        return Q(**{f"{road}__branch__in": branch_ids})


class RepresentativeQuerySet(OfOrganisationQuerySet):
    """Who acts for an organisation: seen by its branch and by the person's."""

    def managed_by(self, branch_ids) -> Q:
        return super().managed_by(branch_ids) | Q(person__branch__in=branch_ids)


class CoopMemberQuerySet(RepresentativeQuerySet):
    """Who belongs to an organisation: seen by its branch and by the branch of person or household."""

    def managed_by(self, branch_ids) -> Q:
        return super().managed_by(branch_ids) | Q(household__branch__in=branch_ids)


class DocumentQuerySet(QuerySet):
    """Identity documents; a holder must be found in any branch, so their rows are not scoped, numbers are sealed."""

    def in_use(self) -> DocumentQuerySet:
        """Held, claimed or kept as typed."""
        return self.exclude(state=DocumentState.RETIRED)

    def findable(self) -> DocumentQuerySet:
        """By which a person may be looked up: those in use, and old ones that were really theirs."""
        theirs = (RetiredBecause.RENEWED, RetiredBecause.LOST, RetiredBecause.RETURNED)
        return self.filter(~Q(state=DocumentState.RETIRED) | Q(retired_because__in=theirs))

    def managed_for(self, staff: StaffMember) -> DocumentQuerySet:
        """Documents of customers whose full record the person works with."""
        from customers.models import Customer

        return self.filter(customer__in=Customer.objects.managed_for(staff))


class DocumentPhotoQuerySet(QuerySet):
    """Photos of documents follow the branch that manages the holder."""

    def visible_to(self, staff: StaffMember) -> DocumentPhotoQuerySet:
        """Photos of documents of the person's customers; of all for head office and audit."""
        scope = require_scope(staff)
        return self if scope.sees_union else self.filter(document__customer__branch__in=scope.branch_ids)


class TaskQuerySet(BranchRowQuerySet):
    """Tasks: whose they are, which are open, and which are put off."""

    def open(self) -> TaskQuerySet:
        """Not closed yet."""
        return self.filter(state="open")

    def awake(self, day: date) -> TaskQuerySet:
        """Not put off beyond a day."""
        return self.filter(Q(snoozed_until=None) | Q(snoozed_until__lte=day))

    def of_person(self, staff: StaffMember) -> TaskQuerySet:
        """Those of a person by name."""
        return self.filter(owner=staff)

    def of_posts(self, staff: StaffMember) -> TaskQuerySet:
        """Those that wait for whoever holds one of the person's posts, at the units where they hold them."""
        return self.filter(self._waits_for_posts_of(staff))

    def for_person(self, staff: StaffMember) -> TaskQuerySet:
        """Those of a person by name and of the posts they hold."""
        return self.filter(Q(owner=staff) | self._waits_for_posts_of(staff))

    @staticmethod
    def _waits_for_posts_of(staff: StaffMember) -> Q:
        scope = require_scope(staff)
        places = scope.branch_ids | scope.unit_ids
        return Q(owner=None, post__in=scope.posts, branch__in=places)


class OfBranchOrUnionQuerySet(QuerySet):
    """Things of one branch, or of the union where the branch is empty: names and rules, no person's rows."""

    def visible_to(self, staff: StaffMember) -> OfBranchOrUnionQuerySet:
        """Those of the person's branches and of the union; all for head office and audit."""
        scope = require_scope(staff)
        if scope.sees_union:
            return self
        return self.filter(Q(branch__in=scope.branch_ids) | Q(branch=None))


class CaseQuerySet(BranchOrCustomerQuerySet):
    """Complaints and requests: seen by the branch that answers and the customer's, never by whom they are about."""

    def visible_to(self, staff: StaffMember) -> CaseQuerySet:
        """Those of the person's branches and customers, but for those about the person."""
        return super().visible_to(staff).exclude(about_staff=staff)

    def open(self) -> CaseQuerySet:
        """Not answered yet."""
        return self.filter(state="open")


class CaseEventQuerySet(QuerySet):
    """Lines of cases."""

    def visible_to(self, staff: StaffMember) -> CaseEventQuerySet:
        """Lines of the cases that the person sees."""
        from customers.models import Case

        return self.filter(case__in=Case.objects.visible_to(staff))


class TagQuerySet(QuerySet):
    """Definitions of tags: those of the union and those of the person's branches."""

    def visible_to(self, staff: StaffMember) -> TagQuerySet:
        """Tags of the union and of own branches; all for head office and audit."""
        scope = require_scope(staff)
        return self if scope.sees_union else self.filter(Q(branch=None) | Q(branch__in=scope.branch_ids))

    def in_use(self) -> TagQuerySet:
        """Tags that nobody has taken out of use."""
        return self.filter(ended_on=None)


class MergeQuerySet(QuerySet):
    """Merges: seen by the branches that manage one of the two sides."""

    def visible_to(self, staff: StaffMember) -> MergeQuerySet:
        """Those with a side in the person's branches; all for head office and audit."""
        scope = require_scope(staff)
        if scope.sees_union:
            return self
        sides = ("survivor", "other", "household", "other_household")
        mine = Q()
        for side in sides:
            mine |= Q(**{f"{side}__branch__in": scope.branch_ids})
        return self.filter(mine)

    def with_standing(self, now: datetime) -> MergeQuerySet:
        """Each with ``standing``: its state, or ``NOT_JOINED`` where it waits and nobody can confirm it any more."""
        asked = Proposal.objects.filter(subject_table=self.model._meta.db_table, subject_id=OuterRef("pk"))
        return self.annotate(
            standing=Case(
                When(Q(state=MergeState.WAITING) & ~Exists(asked.waiting(now)), then=Value(NOT_JOINED)),
                default=F("state"),
                output_field=CharField(),
            )
        )
