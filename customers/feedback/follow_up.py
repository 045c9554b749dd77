"""What an answer asks for: the director looks into a low one, and whoever wished a call is called."""

from __future__ import annotations

from datetime import timedelta

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from branches.choices import PostCode
from coopcrm.shared.work import Work, handles
from customers.feedback.services import FOLLOW_UP, needs_follow_up
from customers.models import Feedback, Task
from customers.registries import TaskKind, task_kinds
from customers.tasks.reasons import Reason
from customers.tasks.services import open_task

LOW_RATING, CALL_BACK = "low_rating", "call_back"
SOURCE = "feedback"
DAYS_TO_LOOK, DAYS_TO_CALL = 3, 2
WHY_LOOK = gettext_noop("A customer was not satisfied: look into the answer of %(day)s.")
WHY_CALL = gettext_noop("The customer asked on %(day)s to be called about our service.")


def _open_answers(task: Task) -> tuple:
    return _("Read the answer"), reverse("customers:feedback")


def register_kinds() -> None:
    """The kinds of tasks that answers open."""
    kind = TaskKind(
        _("Look into an answer"), "message", PostCode.DIRECTOR, may_snooze=False, action=_open_answers
    )
    task_kinds.register(LOW_RATING, kind)
    task_kinds.register(CALL_BACK, TaskKind(_("Call back"), "phone", PostCode.DIRECTOR))


@handles(FOLLOW_UP)
def follow_up(work: Work) -> dict:
    """Open the tasks that an answer asks for; what the customer wrote stays with the answer."""
    answer = Feedback.objects.select_related("customer", "branch").get(pk=work.payload["answer"])
    return {"tasks": len(open_tasks(answer))}


def open_tasks(answer: Feedback) -> list[Task]:
    """The tasks of an answer; the same answer opens them once. Both are the director's, never of whoever served."""
    wanted = []
    if needs_follow_up(answer.satisfaction, answer.recommendation, answer.words):
        wanted.append((LOW_RATING, WHY_LOOK, DAYS_TO_LOOK))
    if answer.wishes_call:
        wanted.append((CALL_BACK, WHY_CALL, DAYS_TO_CALL))
    return [
        open_task(
            branch=answer.branch,
            kind=kind,
            reason=Reason(why, {"day": answer.given_on.isoformat()}),
            due_on=answer.given_on + timedelta(days=days),
            customer=answer.customer,
            source=SOURCE,
            key=f"{kind}:{answer.pk}",
            on=answer.given_on,
        )
        for kind, why, days in wanted
    ]
