"""Deeds: tick a step of the first day, take a quiz."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _

from branches.models import FirstDayStep, QuizRecord, StaffMember
from branches.training.lessons import STEPS, desk_of
from branches.training.questions import questions_for
from coopcrm.shared.errors import require


def set_step(*, staff: StaffMember, step: str, is_done: bool) -> None:
    """Tick a step of one's own first day, or take the tick away."""
    steps = {one.code for one in STEPS.get(desk_of(staff.scope.main_post), ())}
    require(step in steps, _("Your first day has no such step."), code="no_such_step")
    if is_done:
        FirstDayStep.objects.get_or_create(staff=staff, step=step)
    else:
        FirstDayStep.objects.filter(staff=staff, step=step).delete()


def seed_of(staff: StaffMember) -> str:
    """What decides the questions of the next quiz: it stays until that quiz is handed in."""
    return f"{staff.pk}:{QuizRecord.objects.filter(staff=staff).count()}"


def take_quiz(*, staff: StaffMember, chosen: Mapping[str, int]) -> QuizRecord:
    """Hand in the quiz that is being asked; ``chosen`` maps a question to the position of the answer in its list."""
    desk = desk_of(staff.scope.main_post)
    require(desk, _("There is no quiz for your post."), code="no_quiz")
    asked = [question.code for question in questions_for(desk, seed_of(staff))]
    missing = [code for code in asked if code not in chosen]
    require(not missing, _("Answer every question."), code="answers_missing")
    answers = [chosen[code] for code in asked]
    return QuizRecord.objects.create(
        staff=staff,
        desk=desk,
        asked=asked,
        chosen=answers,
        right=sum(answer == 0 for answer in answers),
        total=len(asked),
    )
