"""Pages of reminders: what the night reminds of, and its figures."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from branches.models import Unit
from branches.selectors import branches_of
from coopcrm.shared.errors import DomainError
from coopcrm.shared.handbook import explained
from customers import registries
from customers.reminders import forms, services
from customers.tasks.kinds import kind_of
from customers.views import allow, form_page


def own_branch(request: HttpRequest) -> Unit | None:
    """The branch whose figures the person sets; None for the union."""
    scope = request.user.scope
    return None if scope.sees_union else branches_of(request.user).order_by("code").first()


@require_GET
def reminders(request: HttpRequest) -> HttpResponse:
    """Every source with the figures in force, of the branch and of the union."""
    allow(services.may_see_figures(request.user))
    today, branch = timezone.localdate(), own_branch(request)
    union, own = services.figures_for(None, on=today), services.in_force(branch, on=today)
    rows = [
        {"code": code, "source": source, "icon": kind_of(code).icon, "union": union[code], "own": own[code]}
        for code, source in registries.reminder_sources.items()
    ]
    may_set = services.may_set_union_figures(request.user) or branch is not None
    context = {"rows": rows, "branch": branch, "may_set": may_set}
    return render(request, "customers/reminders/list.html", context)


@form_page
def figures(request: HttpRequest, source: str) -> HttpResponse:
    """Set the figures of one source: a director for the branch, head office for the union with a second person."""
    branch = own_branch(request)
    is_union = branch is None
    may = services.may_set_union_figures(request.user)
    allow(may if is_union else services.may_set_branch_figures(request.user, branch))
    found = registries.reminder_sources.get(source)
    if found is None:
        raise Http404
    today = timezone.localdate()
    form = forms.FiguresForm(
        request.POST or None, figures=services.in_force(branch, on=today)[source], is_union=is_union
    )
    if request.method == "POST" and form.is_valid():
        deed = {"staff": request.user, "source": source, "today": today, **form.cleaned_data}
        try:
            if is_union:
                services.propose_union_figures(**deed)
            else:
                services.set_branch_figures(branch=branch, **deed)
        except DomainError as refusal:
            form.add_error(None, explained(refusal))
        else:
            said = (
                _("Proposed; another person of head office confirms.")
                if is_union
                else _("Set from today on.")
            )
            messages.success(request, said)
            return redirect("customers:reminders")
    context = {"form": form, "source": found, "branch": branch}
    return render(request, "customers/reminders/figures.html", context)
