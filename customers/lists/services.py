"""Deeds around the list: keep a view, change it, drop it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from branches.models import StaffMember
from coopcrm.shared.errors import require
from customers import policies
from customers.choices import ListOrder
from customers.models import ListView

MOST_VIEWS = 40


@transaction.atomic
def keep_view(
    *,
    staff: StaffMember,
    name: str,
    filters: Mapping[str, Any],
    columns: Sequence[str] = (),
    order: str = ListOrder.NAME,
    is_shared: bool = False,
    is_default: bool = False,
) -> ListView:
    """Keep what the list shows under a name; the person's own view of that name is written anew.

    A shared view belongs to the person's branch.
    """
    StaffMember.objects.select_for_update(no_key=True).get(pk=staff.pk)
    mine = ListView.objects.filter(owner=staff)
    full = mine.count() >= MOST_VIEWS and not mine.filter(name=name).exists()
    require(not full, _("You keep %(most)s views already. Drop one first.") % {"most": MOST_VIEWS})
    if is_default:
        mine.update(is_default=False)
    branch = min(staff.scope.branch_ids, default=None) if is_shared else None
    kept, _made = ListView.objects.update_or_create(
        owner=staff,
        name=name,
        defaults={
            "branch_id": branch,
            "filters": dict(filters),
            "columns": list(columns),
            "order": order,
            "is_default": is_default,
            "changed_at": timezone.now(),
        },
    )
    return kept


@transaction.atomic
def drop_view(*, staff: StaffMember, view: ListView) -> None:
    """Drop a view: the owner, or a director of the branch that shares it."""
    require(policies.may_change_view(staff, view), _("Its owner or a director of the branch changes it."))
    view.delete()


@transaction.atomic
def show_first(*, staff: StaffMember, view: ListView | None) -> None:
    """Show one of the own views first, or the whole list again."""
    mine = ListView.objects.filter(owner=staff)
    require(view is None or view.owner_id == staff.pk, _("Keep it as your own first."), code="not_own")
    mine.filter(is_default=True).update(is_default=False)
    if view is not None:
        mine.filter(pk=view.pk).update(is_default=True)
