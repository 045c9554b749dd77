"""Chainable filters of the banking book."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet

from customers.querysets import require_scope

if TYPE_CHECKING:
    from branches.models import StaffMember


class OfLoanQuerySet(QuerySet):
    """Rows that follow their loan."""

    def visible_to(self, staff: StaffMember) -> OfLoanQuerySet:
        """Rows of loans the person sees."""
        scope = require_scope(staff)
        if scope.sees_union:
            return self
        branches = scope.branch_ids
        return self.filter(Q(loan__branch__in=branches) | Q(loan__household__branch__in=branches))
