"""Chainable filters of what lies in branches, among them who may see which rows."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet

from branches.choices import PostCode, ProposalState

if TYPE_CHECKING:
    from branches.models import StaffMember


class ProposalQuerySet(QuerySet):
    """Proposals are seen by who made them, by the branch they concern, by the branch that asks, and by the union."""

    def visible_to(self, staff: StaffMember) -> ProposalQuerySet:
        """Own proposals, those of the person's branches, and kinds that the person's posts watch over."""
        from branches.proposals import watched_by

        scope = staff.scope
        if scope.sees_union:
            return self
        branches = Q(branch__in=scope.branch_ids) | Q(asked_from__in=scope.branch_ids)
        return self.filter(Q(proposed_by=staff) | branches | Q(kind__in=watched_by(scope.posts)))

    def waiting(self, now: datetime) -> ProposalQuerySet:
        """Open and not past their end."""
        return self.filter(state=ProposalState.OPEN, expires_at__gt=now)

    def about(self, row) -> ProposalQuerySet:
        """Proposals that concern one row."""
        return self.filter(subject_table=row._meta.db_table, subject_id=row.pk)


class ExportQuerySet(QuerySet):
    """Lists that were taken out."""

    def visible_to(self, staff: StaffMember) -> ExportQuerySet:
        """One's own, those of the person's branches, and all of them for the union's posts."""
        scope = staff.scope
        return self if scope.sees_union else self.filter(Q(ordered_by=staff) | Q(branch__in=scope.branch_ids))

    def shown_to(self, staff: StaffMember) -> ExportQuerySet:
        """What the page shows: one's own, and all of them to auditors."""
        rows = self.visible_to(staff)
        return rows if staff.scope.holds(PostCode.AUDITOR) else rows.filter(ordered_by=staff)
