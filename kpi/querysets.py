"""Chainable filters of figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import QuerySet

from customers.querysets import require_scope

if TYPE_CHECKING:
    from branches.models import StaffMember


class UnitFigureQuerySet(QuerySet):
    """Figures of a unit: a branch sees its own, head office and audit see all."""

    def visible_to(self, staff: StaffMember) -> UnitFigureQuerySet:
        """Figures of the person's branches; of all units for head office and audit."""
        scope = require_scope(staff)
        return self if scope.sees_union else self.filter(unit__in=scope.branch_ids)
