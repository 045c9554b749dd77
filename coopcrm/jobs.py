"""Pages of background jobs: what runs, how far it is, what it could not do; a job can be asked to stop."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_POST, require_safe

from branches.choices import PostCode
from coopcrm.shared.forms import takes
from coopcrm.shared.models import Job
from coopcrm.shared.paging import id_in
from coopcrm.shared.selectors import jobs_visible_to, progress_of
from coopcrm.shared.work import cancel_job, take_back_address

PAGE_ROWS = 50
ERROR_ROWS = 200


def may_cancel(staff, job: Job) -> bool:
    """Who started a job may stop it, and so may head office; audit and the union's other posts only watch."""
    may_stop = job.started_by == staff.pk or staff.scope.holds(PostCode.HEAD_OFFICE)
    return job.is_open and not job.cancel_requested and may_stop


@require_safe
def job_list(request) -> HttpResponse:
    """The newest jobs first; further ones by cursor."""
    jobs = jobs_visible_to(request.user).order_by("-pk")
    after = request.GET.get("after", "")
    if (last := id_in(after)) is not None:
        jobs = jobs.filter(pk__lt=last)
    rows = list(jobs[: PAGE_ROWS + 1])
    following = rows[PAGE_ROWS - 1].pk if len(rows) > PAGE_ROWS else None
    return render(request, "jobs/list.html", {"jobs": rows[:PAGE_ROWS], "following": following})


def _page(request, pk: int) -> dict:
    job = get_object_or_404(jobs_visible_to(request.user), pk=pk)
    url = reverse("jobs:progress", args=[pk]) if job.is_open else ""
    return {"job": job, "progress": progress_of(job), "progress_url": url}


@require_safe
def job_page(request, pk: int) -> HttpResponse:
    """One job with its progress, result and error rows."""
    page = _page(request, pk)
    job = page["job"]
    rows = list(job.error_rows.all()[: ERROR_ROWS + 1])
    page |= {"error_rows": rows[:ERROR_ROWS], "has_more_errors": len(rows) > ERROR_ROWS}
    page |= {"may_cancel": may_cancel(request.user, job), "back_url": take_back_address(request.user, job)}
    return render(request, "jobs/job.html", page)


@require_safe
def job_progress(request, pk: int) -> HttpResponse:
    """The progress bar alone; when the job has ended the page is asked to load anew."""
    page = _page(request, pk)
    response = render(request, "jobs/_progress.html", page)
    if not page["job"].is_open:
        response.headers["HX-Refresh"] = "true"
    return response


@require_POST
@takes()
def job_cancel(request, pk: int) -> HttpResponse:
    """Stop a job after what is being done at this moment."""
    job = get_object_or_404(jobs_visible_to(request.user), pk=pk)
    if not may_cancel(request.user, job):
        raise PermissionDenied
    cancel_job(job)
    return redirect("jobs:job", pk=pk)


app_name = "jobs"
urlpatterns = [
    path("", job_list, name="list"),
    path("<int:pk>/", job_page, name="job"),
    path("<int:pk>/progress/", job_progress, name="progress"),
    path("<int:pk>/cancel/", job_cancel, name="cancel"),
]
