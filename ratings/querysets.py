"""Chainable filters of ratings, contribution and tiers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from customers.querysets import OfCustomerQuerySet, require_scope

if TYPE_CHECKING:
    from branches.models import StaffMember


class ResultQuerySet(OfCustomerQuerySet):
    """Results of customers; ``branch_id`` is the branch a customer had on the last day of the period."""

    def ranked_for(self, staff: StaffMember) -> ResultQuerySet:
        """What the person sees of the period as it was ranked: customers of their branches then and now.

        A customer who came later is read on the own page; the index of a branch's ranking holds those of the time.
        """
        scope = require_scope(staff)
        visible = self.visible_to(staff)
        return visible if scope.sees_union else visible.filter(branch_id__in=scope.branch_ids)
