"""Pages of staff: who works where, one person with the posts held, and what rotation asks."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from branches import appointments, forms, policies, selectors
from branches.choices import PostCode
from branches.models import Post, StaffMember
from branches.selectors.people import lines_for
from branches.services import staff as services
from branches.signin.policies import may_help, may_propose_lost_factor
from branches.views.common import PAGE, allow, allow_posted, offered_people, refused, today, typed
from coopcrm.shared.errors import DomainError


@require_safe
def staff(request: HttpRequest) -> HttpResponse:
    """Staff by name, unit and post."""
    allow_posted(request)
    form = forms.StaffFilter(request.GET)
    data = form.cleaned_data if form.is_valid() else {}
    rows = selectors.staff_list(
        typed=data.get("q", ""),
        unit=data.get("unit"),
        code=data.get("post", ""),
        which=data.get("which") or "now",
    )
    context = {
        "form": form,
        "page": selectors.page_of_staff(rows, typed(request, "after"), PAGE),
        "may_keep": policies.may_keep_organisation(request.user),
        "may_see_rotation": policies.may_see_rotation(request.user),
    }
    return render(request, "branches/staff.html", context)


@require_safe
def member(request: HttpRequest, pk: int) -> HttpResponse:
    """One person: posts, stand-ins, rotation."""
    allow_posted(request)
    found = get_object_or_404(StaffMember, pk=pk)
    day = today()
    posts = selectors.posts_of(found, day)
    for line in posts:
        line.may_end = line.state in ("now", "later") and policies.may_end_post(request.user, line.post)
    held = [line.post for line in posts if line.state == "now"]
    sees_rotation = found.pk == request.user.pk or policies.may_see_rotation(request.user)
    context = {
        "member": found,
        "posts": posts,
        "stand_ins": selectors.stand_ins_for(found, day),
        "rotation": lines_for(held, day) if sees_rotation else [],
        "may_extend": policies.may_extend_rotation(request.user) and found.pk != request.user.pk,
        "may_keep": policies.may_keep_organisation(request.user),
        "may_help": may_help(request.user, found) or may_propose_lost_factor(request.user, found),
        "may_ask": policies.may_propose_posts(request.user)
        and found.pk != request.user.pk
        and found.is_active,
    }
    return render(request, "branches/member.html", context)


@require_http_methods(["GET", "POST"])
def new_member(request: HttpRequest) -> HttpResponse:
    """Create an account without a password and without a post."""
    allow(policies.may_keep_organisation(request.user))
    form = forms.StaffForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            created = services.open_account(by=request.user, **form.cleaned_data)
        except DomainError as refusal:
            refused(form, refusal, "username")
        else:
            messages.success(request, _("The account is open. Ask for a post; head office confirms it."))
            return redirect("branches:ask-post", pk=created.pk)
    return render(request, "branches/member_form.html", {"form": form})


@require_http_methods(["GET", "POST"])
def change_member(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct name, number or language."""
    allow(policies.may_keep_organisation(request.user))
    found = get_object_or_404(StaffMember, pk=pk)
    initial = {"full_name": found.full_name, "employee_no": found.employee_no, "language": found.language}
    form = forms.StaffChangeForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        services.change_account(member=found, by=request.user, **form.cleaned_data)
        messages.success(request, _("The changes are saved."))
        return redirect("branches:member", pk=pk)
    return render(request, "branches/member_form.html", {"form": form, "member": found})


@require_http_methods(["GET", "POST"])
def ask_post(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for a post, a transfer or a stand-in; another person confirms it."""
    allow(policies.may_propose_posts(request.user))
    found = get_object_or_404(StaffMember, pk=pk)
    allow(found.pk != request.user.pk)
    initial = {"valid_from": today(), "unit": request.GET.get("unit"), "code": request.GET.get("code")}
    form = forms.PostForm(request.POST or None, member=found, units=_units_for(request.user), initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        last = data["last_day"]
        try:
            proposal = appointments.propose_post(
                staff=found,
                unit=data["unit"],
                code=data["code"],
                valid_from=data["valid_from"],
                valid_to=last + timedelta(days=1) if last else None,
                stands_in_for=data["absent"],
                ends=data["ends"],
                reason=data["reason"],
                by=request.user,
            )
        except DomainError as refusal:
            refused(form, refusal)
        else:
            messages.success(request, _("It waits for a second person, who confirms it."))
            return redirect("branches:proposal", pk=proposal.pk)
    context = {"form": form, "member": found, "people": offered_people()}
    return render(request, "branches/post_form.html", context)


def _units_for(staff: StaffMember):
    """Units for which the person may ask for posts."""
    rows = forms.open_units()
    if staff.scope.holds(PostCode.ADMINISTRATOR, PostCode.HEAD_OFFICE):
        return rows
    ids = staff.scope.branch_ids
    return rows.filter(Q(pk__in=ids) | Q(parent__in=ids))


def _post(request: HttpRequest, pk: int) -> Post:
    allow_posted(request)
    return get_object_or_404(Post.objects.select_related("staff", "unit"), pk=pk)


@require_http_methods(["GET", "POST"])
def end_post(request: HttpRequest, pk: int) -> HttpResponse:
    """End a post now or on a day; one person is enough, since less is safer."""
    post = _post(request, pk)
    allow(policies.may_end_post(request.user, post))
    form = forms.EndPostForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        last = form.cleaned_data["last_day"]
        first_without = max(last + timedelta(days=1) if last else today(), post.valid_from)
        try:
            services.end_post(
                post=post,
                on=first_without,
                by=request.user,
                today=today(),
                reason=form.cleaned_data["reason"],
            )
        except DomainError as refusal:
            refused(form, refusal, "last_day")
        else:
            messages.success(request, _("The end of the post is noted."))
            return redirect("branches:member", pk=post.staff_id)
    return render(request, "branches/post_end.html", {"form": form, "post": post})


@require_http_methods(["GET", "POST"])
def extend_post(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a rotation wait a year, with a reason."""
    post = _post(request, pk)
    allow(policies.may_extend_rotation(request.user))
    form = forms.ExtendForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.extend_rotation(post=post, reason=form.cleaned_data["reason"], by=request.user)
        except DomainError as refusal:
            refused(form, refusal, "reason")
        else:
            messages.success(request, _("The rotation waits; the reason is on record."))
            return redirect("branches:rotation")
    return render(request, "branches/post_extend.html", {"form": form, "post": post})


@require_safe
def rotation(request: HttpRequest) -> HttpResponse:
    """Whose rotation, change of branch or forced leave is due."""
    allow(policies.may_see_rotation(request.user))
    everybody = request.GET.get("show") == "all"
    context = {
        "lines": selectors.rotation_lines(request.user, today(), everybody=everybody),
        "rules": selectors.rotation_rules(today()).values(),
        "everybody": everybody,
        "may_extend": policies.may_extend_rotation(request.user),
    }
    return render(request, "branches/rotation.html", context)
