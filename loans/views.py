"""Pages of the banking book."""

from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from branches.models import StaffMember
from coopcrm.shared.paging import page_of
from customers.policies import may_read_fully
from customers.readings import note_record
from loans import overview, policies
from loans.forms import LoanFilter, ReservesForm
from loans.models import Loan


@require_safe
def loan_list(request):
    """Loans with a balance on the last classified day, the longest overdue first."""
    if not policies.may_see_book(request.user):
        raise PermissionDenied(_("Loans are for those who work with customers."))
    form = LoanFilter(request.GET, staff=request.user)
    day = overview.last_classified_on()
    context = {"form": form, "day": day, "may_see_provisions": policies.may_see_provisions(request.user)}
    if day:
        given = form.given()
        rows = overview.narrowed(overview.open_loans(request.user, day), given | {"class": ""})
        context["classes"] = overview.by_class(rows)
        context["chosen"] = given["class"]
        listed = overview.with_names(overview.narrowed(rows, {"class": given["class"]}))
        context["page"] = page_of(request, listed, overview.LIST_ORDER)
    return render(request, "loans/list.html", context)


@require_safe
def loan_page(request, pk):
    """One loan: what is due, its class explained, and what else the household owes."""
    loans = Loan.objects.visible_to(request.user).select_related(
        "account__product",
        "borrower",
        "household__head",
        "household__village",
        "branch",
        "line",
        "originating_officer",
    )
    loan = get_object_or_404(loans, pk=pk)
    note_record(request.user, loan, _own_branch(request.user, loan))
    history = overview.history_of(loan)
    latest = history[0] if history else None
    others = Loan.objects.visible_to(request.user).filter(household=loan.household_id).exclude(pk=pk)
    context = {
        "loan": loan,
        "latest": latest,
        "history": history,
        "steps": overview.explained(latest, loan) if latest else [],
        "provision": latest.balance * latest.provision_rate if latest else None,
        "instalments": loan.instalments.order_by("due_on"),
        "exposure": overview.exposure_of(loan.household) if loan.household else None,
        "others": others.select_related("account").order_by("-disbursed_on")[:20]
        if loan.household_id
        else [],
        "flags": overview.flags_in_words(loan.flags) if loan.flags else "",
        "reads_household": bool(loan.household) and may_read_fully(request.user, loan.household),
    }
    return render(request, "loans/loan.html", context)


def _own_branch(staff: StaffMember, loan: Loan) -> int | None:
    """The branch through which a person reads a loan: the one that booked it or the one that manages the household."""
    branches = {loan.branch_id, loan.household.branch_id if loan.household else None}
    return next(iter(branches & staff.scope.branch_ids), loan.branch_id)


@require_safe
def provisions(request):
    """What the classes of a branch ask to be set aside, and whether the reserves suffice."""
    if not policies.may_see_provisions(request.user):
        raise PermissionDenied(_("Provisions are read by accountants, directors, the union and audit."))
    form = ReservesForm(request.GET, staff=request.user)
    form.is_valid()
    branch, reserves = form.cleaned_data.get("branch"), form.cleaned_data.get("reserves")
    day = overview.last_classified_on()
    context = {"form": form, "day": day, "branch": branch, "reserves": reserves}
    if day:
        rows = overview.narrowed(overview.open_loans(request.user, day), {"branch": branch})
        context["classes"] = overview.by_class(rows)
        context["result"] = overview.provisions_of(rows, reserves or 0)
    return render(request, "loans/provisions.html", context)
