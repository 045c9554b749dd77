"""Chainable filters of ratings, contribution and tiers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import QuerySet

from customers.querysets import require_scope

if TYPE_CHECKING:
    from branches.models import StaffMember


class ResultQuerySet(QuerySet):
    """Results that carry the branch the customer had on the last day of the period."""

    def visible_to(self, staff: StaffMember) -> ResultQuerySet:
        """Results of the person's branches; of all branches for head office and audit."""
        scope = require_scope(staff)
        return self if scope.sees_union else self.filter(branch_id__in=scope.branch_ids)
