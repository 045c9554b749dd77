"""The help: rules in a sentence each, the guided first day, the quiz, and who has learnt what."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from branches.models import QuizRecord
from branches.training import policies, selectors, services
from branches.training.lessons import desk_of
from branches.training.questions import BY_CODE, answers_of, questions_for
from coopcrm.shared.errors import DomainError
from coopcrm.shared.forms import refuse_unknown, takes
from coopcrm.shared.handbook import CHAPTERS, TOPICS, explained, topic


@require_GET
def help_page(request: HttpRequest) -> HttpResponse:
    """Where help is found."""
    lines = selectors.first_day(request.user)
    context = {
        "steps": len(lines),
        "done": sum(line.is_done for line in lines),
        "quizzes": selectors.last_quizzes(request.user),
        "desk": selectors.desk_name(request.user),
        "may_see_training": policies.may_see_training(request.user),
    }
    return render(request, "help/index.html", context)


@require_GET
def rules(request: HttpRequest) -> HttpResponse:
    """Every rule that people meet at their desks, by chapter."""
    chapters = [
        (code, title, [one for one in TOPICS.values() if one.chapter == code])
        for code, title in CHAPTERS.items()
    ]
    return render(request, "help/rules.html", {"chapters": chapters})


@require_GET
def first_day(request: HttpRequest) -> HttpResponse:
    """The steps of one's first day."""
    lines = selectors.first_day(request.user)
    context = {
        "lines": lines,
        "done": sum(line.is_done for line in lines),
        "desk": selectors.desk_name(request.user),
    }
    return render(request, "help/first_day.html", context)


@require_POST
@takes("done")
def step(request: HttpRequest, code: str) -> HttpResponse:
    """Tick a step, or take the tick away."""
    try:
        services.set_step(staff=request.user, step=code, is_done=request.POST.get("done") == "yes")
    except DomainError as refusal:
        messages.error(request, explained(refusal))
    return redirect("help:first-day")


@require_http_methods(["GET", "POST"])
def quiz(request: HttpRequest) -> HttpResponse:
    """Six questions of the person's desk; handed in, each is explained by its rule."""
    staff = request.user
    desk, seed = desk_of(staff.scope.main_post), services.seed_of(staff)
    asked = questions_for(desk, seed)
    if request.method == "POST":
        refuse_unknown(request.POST, ["quiz", *BY_CODE])
        if request.POST.get("quiz") != seed:
            messages.info(request, _("This quiz was handed in already."))
            return redirect("help:index")
        chosen = {
            question.code: answers_of(question, seed)[int(shown)][0]
            for question in asked
            if (shown := request.POST.get(question.code)) in ("0", "1", "2")
        }
        try:
            record = services.take_quiz(staff=staff, chosen=chosen)
        except DomainError as refusal:
            messages.error(request, explained(refusal))
        else:
            return redirect("help:quiz-result", record.pk)
    lines = [(question, answers_of(question, seed)) for question in asked]
    context = {"lines": lines, "desk": selectors.desk_name(staff), "seed": seed}
    return render(request, "help/quiz.html", context)


@require_GET
def quiz_result(request: HttpRequest, pk: int) -> HttpResponse:
    """A quiz of one's own that was handed in."""
    record = get_object_or_404(QuizRecord, pk=pk, staff=request.user)
    lines = [
        (question, question.answers[chosen], chosen == 0, topic(question.topic))
        for code, chosen in zip(record.asked, record.chosen, strict=True)
        if (question := BY_CODE.get(code))
    ]
    return render(request, "help/quiz_result.html", {"record": record, "lines": lines})


@require_GET
def training(request: HttpRequest) -> HttpResponse:
    """Who has done the first day and passed the quiz."""
    if not policies.may_see_training(request.user):
        raise PermissionDenied(_("Your post does not work with this page."))
    lines = selectors.training_lines(request.user, timezone.localdate())
    return render(request, "help/training.html", {"lines": lines})
