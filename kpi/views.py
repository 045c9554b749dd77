"""Pages of figures: the dashboard, a branch, and one figure with the rows behind it."""

from __future__ import annotations

from datetime import date

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from branches.choices import UnitKind
from branches.exports.forms import ExportForm
from branches.models import Unit
from kpi import dashboard, exports, policies, words
from kpi.figure import FigurePage
from ratings.policies import may_see_contribution


def _chosen(request, dates: list[date]) -> tuple[date, date | None]:
    """The date asked for and the one to compare with; the newest and the one before it unless named."""
    by_text = {day.isoformat(): day for day in dates}
    as_of = by_text.get(request.GET.get("date", ""), dates[0])
    earlier = [day for day in dates if day < as_of]
    against = by_text.get(request.GET.get("against", ""))
    return as_of, against if against and against < as_of else next(iter(earlier), None)


@require_safe
def figures(request):
    """Head office sees the union and its branches; a branch is sent to its own page."""
    staff = request.user
    if not policies.may_see_figures(staff):
        raise PermissionDenied(_("Figures are for those who work with customers."))
    if not staff.scope.sees_union:
        own = Unit.objects.filter(pk__in=staff.scope.branch_ids).order_by("code").first()
        if own is None:
            raise PermissionDenied(_("You hold no post at a branch today."))
        return redirect("kpi:unit", own.pk)
    dates = dashboard.closing_dates(staff)
    if not dates:
        return render(request, "kpi/dashboard.html", {"dates": [], "as_of": None})
    as_of, before = _chosen(request, dates)
    board = dashboard.Dashboard(staff, as_of=as_of, before=before, dates=dates)
    rank = request.GET.get("rank", words.SCORE.code)
    rank = rank if rank in words.INDICATORS else words.SCORE.code
    union = board.union

    def address(unit):
        return f"{reverse('kpi:unit', args=[unit.pk])}?date={as_of.isoformat()}"

    context = {
        "dates": dates,
        "as_of": as_of,
        "before": before,
        "board": board,
        "union": union,
        "tiles": board.tiles(union) if union else [],
        "scatter": board.scatter(address),
        "ranking": board.ranking(rank),
        "rank": words.words_for(rank),
        "rank_choices": [words.SCORE, *words.INDICATORS.values()],
        "changes": board.changes(union) if union else [],
        "table": board.table(),
        "columns": [words.words_for(code) for code in (words.SCORE.code, *dashboard.COLUMNS)],
    }
    return render(request, "kpi/dashboard.html", context)


@require_safe
def unit_page(request, unit):
    """All indicators of a branch, hard beside soft, with what changed."""
    unit = get_object_or_404(Unit, pk=unit, kind__in=[UnitKind.UNION, UnitKind.BRANCH])
    if not policies.may_see_figures(request.user) or not policies.may_see_unit(request.user, unit):
        raise Http404
    dates = dashboard.closing_dates(request.user)
    if not dates:
        return render(request, "kpi/unit.html", {"unit": unit, "dates": [], "as_of": None})
    as_of, before = _chosen(request, dates)
    board = dashboard.Dashboard(request.user, as_of=as_of, before=before, dates=dates)
    context = {
        "unit": unit,
        "dates": dates,
        "as_of": as_of,
        "before": before,
        "board": board,
        "score": board.figure(unit, words.SCORE.code),
        "card": board.cards.get(unit.pk, {}).get(as_of),
        "halves": board.all_figures(unit),
        "changes": board.changes(unit),
        "targets": board.targets,
        "may_see_contribution": may_see_contribution(request.user),
    }
    return render(request, "kpi/unit.html", context)


@require_safe
def figure_page(request, unit, code, day):
    """One figure: formula, inputs, version, trend, why there is none, and the rows behind it."""
    unit = get_object_or_404(Unit, pk=unit, kind__in=[UnitKind.UNION, UnitKind.BRANCH])
    if not policies.may_see_figures(request.user) or not policies.may_see_unit(request.user, unit):
        raise Http404
    if code not in words.INDICATORS and code != words.SCORE.code:
        raise Http404
    page = FigurePage(request.user, unit, code, day)
    may_see_rows = policies.may_see_rows(request.user, unit, code)
    may_take_rows = policies.may_take_rows(request.user, unit, code)
    context = {"page": page, "unit": unit, "may_see_rows": may_see_rows, "may_take_rows": may_take_rows}
    if may_see_rows:
        part = request.GET.get("part", "")
        given = {"unit": str(unit.pk), "code": code, "day": day.isoformat(), "part": part}
        context["export_form"] = ExportForm(kind=exports.FIGURE_ROWS, staff=request.user, given=given)
        context["rows"] = page.rows(
            **{name: request.GET.get(name, "") for name in ("part", "after", "before")}
        )
    return render(request, "kpi/figure.html", context)
