"""Pages of household questions: the list, one question with its evidence, the answer and taking it back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from coopcrm.shared.errors import DomainError, PermissionRefused
from coopcrm.shared.handbook import explained
from coopcrm.shared.paging import page_of
from customers.choices import HouseholdAnswer
from customers.kinship import forms, policies, selectors, services, words
from customers.merging.choices import MergeKind
from customers.merging.policies import may_merge
from customers.models import HouseholdQuestion
from customers.views import allow, form_page


@require_GET
def questions(request: HttpRequest) -> HttpResponse:
    """Who may live with whom, the surest first."""
    allow(policies.may_see_questions(request.user))
    state = request.GET.get("state", HouseholdAnswer.OPEN)
    state = state if state in HouseholdAnswer.values else HouseholdAnswer.OPEN
    page = page_of(request, selectors.questions(request.user, state), selectors.KEYSET, size=selectors.PAGE)
    counts = selectors.counts(request.user)
    context = {
        "page": page,
        "state": state,
        "lines": [selectors.line(request.user, question) for question in page.rows],
        "tabs": [
            {"label": label, "url": f"?state={code}", "is_current": code == state, "count": counts[code]}
            for code, label in HouseholdAnswer.choices
        ],
    }
    return render(request, "customers/kinship/list.html", context)


def question_of(request: HttpRequest, pk: int) -> HouseholdQuestion:
    """A question about a person of the own branches, or 404."""
    allow(policies.may_see_questions(request.user))
    rows = HouseholdQuestion.objects.visible_to(request.user)
    rows = rows.select_related(
        "first__branch", "second__branch", "first__village", "second__village", "decided_by"
    )
    return get_object_or_404(rows, pk=pk)


@form_page
def question(request: HttpRequest, pk: int) -> HttpResponse:
    """Do these two live in one household? The evidence, both sides, and the answer."""
    found = question_of(request, pk)
    may_answer = policies.may_answer(request.user, found)
    if request.method == "POST":
        allow(may_answer)
        return _answer(request, found)
    is_open = found.state in services.UNDECIDED
    sides = selectors.sides(request.user, found)
    form = forms.AnswerForm(initial={"relation": selectors.relation_suggested(found)})
    context = {
        "question": found,
        "sides": sides,
        "bars": words.bars(found),
        "steps": words.steps(found),
        "may_answer": may_answer and is_open,
        "form": form,
        "opens_new": not any(side.home for side in sides),
        **_of_two_homes(request, sides),
        "take_back": forms.TakeBackForm() if may_answer and not is_open else None,
    }
    return render(request, "customers/kinship/question.html", context)


def _of_two_homes(request: HttpRequest, sides: list[selectors.Side]) -> dict[str, Any]:
    """Where each has a household of their own: that somebody moves, or where the two households are joined."""
    if not all(side.home for side in sides) or len({side.home.household_id for side in sides}) == 1:
        return {}
    first, second = (side.home.household for side in sides)
    joining = QueryDict(mutable=True)
    joining.update({"kind": MergeKind.HOUSEHOLD, "first": first.pk, "second": second.pk})
    may_join = may_merge(request.user, first, second)
    return {
        "has_two_homes": True,
        "moving": list(zip(("first", "second"), sides, sides[::-1], strict=True)),
        "joining_url": f"{reverse('customers:new-merge')}?{joining.urlencode()}" if may_join else "",
    }


def _answer(request: HttpRequest, found: HouseholdQuestion) -> HttpResponse:
    form = forms.AnswerForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose an answer."))
        return redirect("customers:household-question", found.pk)
    given = {name: value for name, value in form.cleaned_data.items() if value}
    try:
        services.answer(staff=request.user, question=found, on=timezone.localdate(), **given)
    except PermissionRefused as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    except DomainError as refusal:
        messages.error(request, explained(refusal))
        return redirect("customers:household-question", found.pk)
    messages.success(request, _("The answer is recorded."))
    return redirect("customers:household-questions")


@require_POST
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an answer back, with what it wrote."""
    found = question_of(request, pk)
    allow(policies.may_answer(request.user, found))
    form = forms.TakeBackForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say what was wrong."))
        return redirect("customers:household-question", found.pk)
    try:
        services.take_back(staff=request.user, question=found, on=timezone.localdate(), **form.cleaned_data)
    except PermissionRefused as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    except DomainError as refusal:
        messages.error(request, explained(refusal))
    else:
        messages.success(request, _("The answer is taken back; the question is open again."))
    return redirect("customers:household-question", found.pk)
