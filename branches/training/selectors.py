"""Reads: my first day, and who has learnt what."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from branches.choices import Desk
from branches.models import FirstDayStep, Post, QuizRecord, StaffMember
from branches.selectors import posts_on
from branches.training.lessons import STEPS, Step, desk_of
from branches.training.policies import sees_all_training
from coopcrm.shared.handbook import Topic, topic


@dataclass(frozen=True)
class StepLine:
    """A step, the rule behind it, whether it is done, and whether it comes next."""

    step: Step
    topic: Topic | None
    is_done: bool
    is_next: bool


def first_day(staff: StaffMember) -> list[StepLine]:
    """The steps of the person's desk; empty for somebody without a post."""
    done = set(FirstDayStep.objects.filter(staff=staff).values_list("step", flat=True))
    steps = STEPS.get(desk_of(staff.scope.main_post), ())
    mine = [step for step in steps if staff.scope.main_post not in step.not_for]
    following = next((step for step in mine if step.code not in done), None)
    return [StepLine(step, topic(step.topic), step.code in done, step is following) for step in mine]


@dataclass(frozen=True)
class TrainingLine:
    """One post, how much of its first day is done, and the last quiz of its desk."""

    post: Post
    done: int
    steps: int
    quiz: QuizRecord | None

    @property
    def is_complete(self) -> bool:
        return self.done >= self.steps and self.quiz is not None and self.quiz.is_passed


def training_lines(staff: StaffMember, today: date) -> list[TrainingLine]:
    """Posts of today that the person watches, those with something left first, in three queries."""
    posts = posts_on(today).filter(stands_in_for=None)
    if not sees_all_training(staff):
        ids = staff.scope.branch_ids
        posts = posts.filter(Q(unit__in=ids) | Q(unit__parent__in=ids))
    posts = list(posts.select_related("staff", "unit").order_by("unit__code", "code", "staff"))
    people = [post.staff_id for post in posts]
    done = Counter(FirstDayStep.objects.filter(staff__in=people).values_list("staff", flat=True))
    quizzes = QuizRecord.objects.filter(staff__in=people).order_by("staff_id", "desk", "-pk")
    last = {(quiz.staff_id, quiz.desk): quiz for quiz in quizzes.distinct("staff_id", "desk")}
    lines = []
    for post in posts:
        desk = desk_of(post.code)
        steps = [step for step in STEPS.get(desk, ()) if post.code not in step.not_for]
        lines.append(
            TrainingLine(
                post, min(done[post.staff_id], len(steps)), len(steps), last.get((post.staff_id, desk))
            )
        )
    return sorted(lines, key=lambda line: line.is_complete)


def last_quizzes(staff: StaffMember) -> list[QuizRecord]:
    """The person's own quizzes, the newest first."""
    return list(QuizRecord.objects.filter(staff=staff).order_by("-pk")[:5])


def desk_name(staff: StaffMember) -> str:
    """The person's desk in words; empty without one."""
    code = desk_of(staff.scope.main_post)
    return str(Desk(code).label) if code else ""
