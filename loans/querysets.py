"""Chainable filters of the banking book."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet

from customers.querysets import require_scope

if TYPE_CHECKING:
    from branches.models import StaffMember


class AccountQuerySet(QuerySet):
    """An account is seen by the branch that manages the customer and by the branch that booked it."""

    def visible_to(self, staff: StaffMember) -> AccountQuerySet:
        """Accounts of the person's branches; all for head office and audit."""
        scope = require_scope(staff)
        if scope.sees_union:
            return self
        return self.filter(Q(branch__in=scope.branch_ids) | Q(customer__branch__in=scope.branch_ids))


class LoanQuerySet(QuerySet):
    """A loan is seen by the branch that manages the household and by the branch that booked it."""

    def visible_to(self, staff: StaffMember) -> LoanQuerySet:
        """Loans of the person's branches; all for head office and audit."""
        scope = require_scope(staff)
        if scope.sees_union:
            return self
        return self.filter(Q(branch__in=scope.branch_ids) | Q(household__branch__in=scope.branch_ids))


class OfLoanQuerySet(QuerySet):
    """Rows that follow their loan."""

    def visible_to(self, staff: StaffMember) -> OfLoanQuerySet:
        """Rows of loans the person sees."""
        scope = require_scope(staff)
        if scope.sees_union:
            return self
        branches = scope.branch_ids
        return self.filter(Q(loan__branch__in=branches) | Q(loan__household__branch__in=branches))
