"""Chainable filters of the registry, among them who may see which rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet

if TYPE_CHECKING:
    from branches.models import StaffMember


class NoScope(PermissionDenied):
    """Rows were asked for in the name of somebody who holds no post; nothing is queried, a page answers 403."""


def require_scope(staff: StaffMember):
    """Return the scope of ``staff``; raises ``NoScope`` before any query when the person holds no post."""
    scope = staff.scope
    if not scope.posts:
        raise NoScope(f"{staff.username} holds no post today.")
    return scope


class CustomerQuerySet(QuerySet):
    """The registry card is shared by all branches; what lies beneath it belongs to the managing branch."""

    def visible_to(self, staff: StaffMember) -> CustomerQuerySet:
        """Every customer, for everybody with a post: the card is masked outside the managing branch."""
        require_scope(staff)
        return self

    def managed_for(self, staff: StaffMember) -> CustomerQuerySet:
        """Customers whose full record the person works with."""
        scope = require_scope(staff)
        return self if scope.sees_union else self.filter(branch__in=scope.branch_ids)

    def current(self) -> CustomerQuerySet:
        """Without records that were merged into another."""
        return self.filter(merged_into=None)


class BranchRowQuerySet(QuerySet):
    """Rows that carry the managing branch themselves (``branch``)."""

    def visible_to(self, staff: StaffMember) -> BranchRowQuerySet:
        """Rows of the person's branches; of all branches for head office and audit."""
        scope = require_scope(staff)
        return self if scope.sees_union else self.filter(branch__in=scope.branch_ids)


class OfHouseholdQuerySet(QuerySet):
    """Rows that follow the managing branch of their household."""

    def visible_to(self, staff: StaffMember) -> OfHouseholdQuerySet:
        """Rows of households of the person's branches; of all branches for head office and audit."""
        scope = require_scope(staff)
        return self if scope.sees_union else self.filter(household__branch__in=scope.branch_ids)


class OfCustomerQuerySet(QuerySet):
    """Rows that follow the managing branch of their customer."""

    def visible_to(self, staff: StaffMember) -> OfCustomerQuerySet:
        """Rows of customers of the person's branches; of all branches for head office and audit."""
        scope = require_scope(staff)
        return self if scope.sees_union else self.filter(Q(customer__branch__in=scope.branch_ids))
