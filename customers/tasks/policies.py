"""Who may do what with tasks, one sentence each."""

from __future__ import annotations

from branches.choices import PostCode
from branches.models import StaffMember, Unit
from customers.models import Task
from customers.policies import COUNTER, DIRECTORS, FIELD, UNION_DESKS, works_at

WORKING = (*COUNTER, *FIELD, *DIRECTORS, *UNION_DESKS)


def may_see_tasks(staff: StaffMember) -> bool:
    """Counter, field, directors and the union's desks have tasks; auditors read along."""
    return staff.scope.holds(*WORKING, PostCode.AUDITOR)


def may_open_somewhere(staff: StaffMember) -> bool:
    """Whoever has tasks gives tasks."""
    return staff.scope.holds(*WORKING)


def may_open(staff: StaffMember, branch: Unit) -> bool:
    """At the own branch; the union's desks ask any branch to do something."""
    if staff.scope.holds(*UNION_DESKS):
        return True
    return may_open_somewhere(staff) and works_at(staff, branch.pk)


def is_theirs(staff: StaffMember, task: Task) -> bool:
    """It names the person, or waits for a post that the person holds at that unit."""
    if task.owner_id is not None:
        return task.owner_id == staff.pk
    return task.post in staff.scope.posts and (
        works_at(staff, task.branch_id) or task.branch_id in staff.scope.unit_ids
    )


def may_work(staff: StaffMember, task: Task) -> bool:
    """Whose it is ends it and puts it off; so does a director of the branch, for whoever is away."""
    return is_theirs(staff, task) or (staff.scope.holds(*DIRECTORS) and works_at(staff, task.branch_id))


def may_give(staff: StaffMember, task: Task) -> bool:
    """Whoever may end a task may give it to a colleague or a post."""
    return may_work(staff, task)


def may_be_given(member: StaffMember, branch_id: int) -> bool:
    """Somebody who works at the unit today, in a post that has tasks."""
    return (
        member.is_active
        and member.scope.holds(*WORKING)
        and (works_at(member, branch_id) or branch_id in member.scope.unit_ids)
    )


def is_undoing(staff: StaffMember, task: Task) -> bool:
    """Whoever closed a task opens it again, and so does a director of the branch."""
    is_director = staff.scope.holds(*DIRECTORS) and works_at(staff, task.branch_id)
    return task.closed_by_id == staff.pk or is_director
