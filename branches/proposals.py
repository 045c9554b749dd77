"""Nobody decides alone: one person proposes a change, another confirms it, and only then it happens.

A kind of proposal is registered by the app that carries it out::

    @proposals.kind("rules.scorecard", title=_("Scorecard"), may_propose=..., may_confirm=...)
    def put_into_force(proposal, by): ...

Policies are asked as ``policy(staff, proposal)``: before anything is written with the proposal as it would be. They
read the proposal alone where they can, since the queue asks them for every line.
"""

from __future__ import annotations

import contextlib
import random
import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.apps import apps
from django.core.cache import cache
from django.db import IntegrityError, models, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from branches.choices import ProposalState
from branches.models import Proposal, ProposalBatch, StaffMember, Unit
from coopcrm.shared.errors import DomainError, PermissionRefused, Refused, require
from coopcrm.shared.plain import plain

DAYS_OPEN = 14
MOST_WAITING = 100
MOST_TOGETHER = 500
SAMPLE_SHARE = 10
LEAST_SAMPLE = 3
CHANGED, SECONDS_KEPT = "proposals:changed", 60
NUMBER_OF_A_PERSON = re.compile(r"(?<!\d)\d[\d\- ]{9,}[\dXx]")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}\S*)?")

Policy = Callable[[StaffMember, Proposal], bool]


@dataclass(frozen=True)
class Line:
    """One value of a proposal: as it is and as it would be, in words."""

    label: Any
    before: Any
    after: Any


@dataclass(frozen=True)
class Kind:
    """What may be proposed: who proposes, who confirms, what then happens and how it reads.

    ``describe(staff, proposal)`` names the subject as this person may read it, ``lines`` its values, ``url`` its page;
    ``watchers`` see the kind in every branch; ``confirmers`` spares others the question whether they may; ``together``
    allows to confirm a list after a sample.
    """

    code: str
    title: Any
    may_propose: Policy
    may_confirm: Policy
    apply: Callable[[Proposal, StaffMember], Any]
    describe: Callable[[StaffMember, Proposal], str] | None = None
    lines: Callable[[StaffMember, Proposal], list[Line]] | None = None
    url: Callable[[Proposal], str] | None = None
    watchers: frozenset[str] = frozenset()
    confirmers: frozenset[str] = frozenset()
    days: int = DAYS_OPEN
    together: bool = False

    def concerns(self, posts: frozenset[str]) -> bool:
        """Whether one of these posts may confirm at all."""
        return not self.confirmers or not self.confirmers.isdisjoint(posts)


KINDS: dict[str, Kind] = {}


def kind(
    code: str,
    *,
    title: Any,
    may_propose: Policy,
    may_confirm: Policy,
    apply: Callable[[Proposal, StaffMember], Any] | None = None,
    **more: Any,
) -> Any:
    """Register a kind; with ``apply`` at once, without it as a decorator of the function that carries it out.

    ``page`` names a route instead of ``url``, where the id of the subject is all that it takes.
    """
    if page := more.pop("page", ""):
        more["url"] = lambda proposal: reverse(page, args=[proposal.subject_id])
    sets = {name: frozenset(more.pop(name, ())) for name in ("watchers", "confirmers")}

    def register(deed: Callable[[Proposal, StaffMember], Any]) -> Any:
        KINDS[code] = Kind(code, title, may_propose, may_confirm, deed, **sets, **more)
        return deed

    return register if apply is None else register(apply)


def watched_by(posts: frozenset[str]) -> list[str]:
    """Kinds that these posts see in every branch."""
    return [found.code for found in KINDS.values() if not found.watchers.isdisjoint(posts)]


@lru_cache
def _models_by_table() -> dict[str, type[models.Model]]:
    return {model._meta.db_table: model for model in apps.get_models()}


def subject_of(proposal: Proposal) -> models.Model | None:
    """The row a proposal is about; read once per proposal."""
    if not hasattr(proposal, "_subject"):
        model = _models_by_table().get(proposal.subject_table)
        found = model._default_manager.filter(pk=proposal.subject_id).first() if model else None
        proposal._subject = found
    return proposal._subject


def with_subjects(rows: list[Proposal]) -> list[Proposal]:
    """Read the subjects of many proposals, one query per table."""
    by_table: dict[str, set[int]] = {}
    for row in rows:
        if row.subject_id is not None:
            by_table.setdefault(row.subject_table, set()).add(row.subject_id)
    tables = _models_by_table()
    found = {
        table: tables[table]._default_manager.in_bulk(ids)
        for table, ids in by_table.items()
        if table in tables
    }
    for row in rows:
        row._subject = found.get(row.subject_table, {}).get(row.subject_id)
    return rows


# -- Policies ----------------------------------------------------------------------------------------------------------


def may_decide(staff: StaffMember, proposal: Proposal, now: datetime | None = None) -> bool:
    """Another person than the proposer, whom the kind names, while the proposal is open."""
    found = KINDS.get(proposal.kind)
    is_waiting = proposal.state == ProposalState.OPEN and proposal.expires_at > (now or timezone.now())
    if found is None or not is_waiting or proposal.proposed_by_id == staff.pk:
        return False
    return found.concerns(staff.scope.posts) and found.may_confirm(staff, proposal)


def may_withdraw(staff: StaffMember, proposal: Proposal) -> bool:
    """Who proposed takes it back while it is open."""
    return proposal.state == ProposalState.OPEN and proposal.proposed_by_id == staff.pk


# -- Reads -------------------------------------------------------------------------------------------------------------


def waiting_for(staff: StaffMember, *, limit: int = MOST_WAITING) -> list[Proposal]:
    """What this person may decide now, the oldest first; one query."""
    posts = staff.scope.posts
    codes = [found.code for found in KINDS.values() if found.concerns(posts)] if posts else []
    if not codes:
        return []
    now = timezone.now()
    rows = Proposal.objects.visible_to(staff).waiting(now).filter(kind__in=codes).exclude(proposed_by=staff)
    rows = rows.select_related("branch", "asked_from", "proposed_by").order_by("pk")[:limit]
    return [row for row in with_subjects(list(rows)) if may_decide(staff, row, now)]


def count_waiting(staff: StaffMember) -> int:
    """How many the frame of every page says; kept in Redis for a minute, until something is proposed or decided."""
    posts = sorted(staff.scope.posts), sorted(staff.scope.branch_ids)
    key = f"proposals:waiting:{staff.pk}"
    try:
        kept = cache.get_many([CHANGED, key])
        stamp = [kept.get(CHANGED), *posts]
        told, number = kept.get(key, (None, 0))
        if told == stamp:
            return number
        number = len(waiting_for(staff))
        cache.set(key, (stamp, number), timeout=SECONDS_KEPT)
    except (RedisError, OSError):  # without Redis every page counts for itself
        return len(waiting_for(staff))
    return number


def _note_change() -> None:
    """What was counted is no longer so: now, and again once others can see what changed."""

    def forget() -> None:
        with contextlib.suppress(RedisError, OSError):
            cache.set(CHANGED, uuid.uuid4().hex, timeout=None)

    forget()
    transaction.on_commit(forget)


def waiting_about(staff: StaffMember, row: models.Model) -> list[Proposal]:
    """Open proposals about a row, as the card on its page shows them."""
    rows = Proposal.objects.visible_to(staff).about(row).waiting(timezone.now())
    return list(rows.select_related("proposed_by", "branch", "asked_from").order_by("pk"))


def title_of(proposal: Proposal) -> str:
    """The kind in words; a kind that is no longer installed by its code."""
    found = KINDS.get(proposal.kind)
    return str(found.title) if found else proposal.kind


def subject_in_words(staff: StaffMember, proposal: Proposal) -> str:
    """What it is about, as this person may read it."""
    found = KINDS.get(proposal.kind)
    if found is not None and found.describe is not None:
        return found.describe(staff, proposal)
    subject = subject_of(proposal)
    return "" if subject is None else str(subject)


def lines_of(staff: StaffMember, proposal: Proposal) -> list[Line]:
    """Before and after, value by value."""
    found = KINDS.get(proposal.kind)
    if found is not None and found.lines is not None:
        return found.lines(staff, proposal)
    model = _models_by_table().get(proposal.subject_table)
    names = {field.name: field.verbose_name for field in model._meta.fields} if model else {}
    return [
        Line(names.get(name, name.replace("_", " ")), proposal.before.get(name), value)
        for name, value in proposal.change.items()
    ]


def url_of(proposal: Proposal) -> str:
    """The page of what it is about, when it has one."""
    found = KINDS.get(proposal.kind)
    return found.url(proposal) if found is not None and found.url is not None else ""


# -- Deeds -------------------------------------------------------------------------------------------------------------


def propose(
    kind: str,
    *,
    by: StaffMember,
    subject: models.Model | None = None,
    change: Mapping[str, Any] | None = None,
    reason: str = "",
    key: str = "",
    branch: Unit | None = None,
    asked_from: Unit | None = None,
    now: datetime | None = None,
) -> Proposal:
    """Write down a change for another person to confirm.

    ``branch`` is the branch that sees it (that of the subject when it has one); ``key`` tells apart what may be
    proposed about the same row at the same time. Raises ``PermissionRefused``, and ``Refused`` with the codes
    ``proposed_already`` and ``number_in_text``.
    """
    found, now = KINDS[kind], now or timezone.now()
    change, reason = plain(dict(change or {})), " ".join(reason.split())
    if branch is None:
        branch = getattr(subject, "branch", None)
    proposal = Proposal(
        kind=kind,
        subject_table=subject._meta.db_table if subject is not None else "",
        subject_id=subject.pk if subject is not None else None,
        key=key,
        branch=branch,
        asked_from=asked_from,
        change=change,
        before=_current_values(subject, change),
        reason=reason[:300],
        proposed_by=by,
        proposed_at=now,
        expires_at=now + timedelta(days=found.days),
    )
    proposal._subject = subject
    require(found.may_propose(by, proposal), _("Your post does not propose this."))
    if any(holds_a_number(text) for text in _texts([change, reason, key])):
        raise Refused(_("Leave numbers of people out of a proposal."), code="number_in_text")
    try:
        with transaction.atomic():
            proposal.save(force_insert=True)
    except IntegrityError as error:
        if "proposal_open_once" not in str(error):
            raise
        raise Refused(_("The same is proposed already and waits."), code="proposed_already") from error
    _note_change()
    return proposal


def _current_values(subject: models.Model | None, change: Mapping[str, Any]) -> dict[str, Any]:
    if subject is None:
        return {}
    names = {field.name: field.attname for field in subject._meta.concrete_fields}
    return {name: plain(getattr(subject, names[name])) for name in change if name in names}


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)


def holds_a_number(text: str) -> bool:
    """Whether a text holds what may be an identity, phone, account or card number: eleven digits or more in a row."""
    found = NUMBER_OF_A_PERSON.findall(DAY.sub("", text))
    return any(sum(character.isdigit() for character in number) >= 11 for number in found)


@transaction.atomic
def confirm(proposal: Proposal, *, by: StaffMember, note: str = "") -> Proposal:
    """Carry out what another person proposed, once; returns the proposal CONFIRMED, or FAILED with the reason.

    A second click of the same person returns the proposal as it is. Raises ``PermissionRefused``, and ``Refused``
    with the codes ``decided_already`` and ``proposal_expired``.
    """
    proposal = _locked(proposal)
    if proposal.state == ProposalState.CONFIRMED and proposal.decided_by_id == by.pk:
        return proposal
    _check_decision(proposal, by)
    try:
        with transaction.atomic():
            _refuse_if_changed_meanwhile(proposal)
            KINDS[proposal.kind].apply(proposal, by)
    except DomainError as refusal:
        return _close(proposal, ProposalState.FAILED, by, str(refusal))
    except IntegrityError:
        return _close(
            proposal, ProposalState.FAILED, by, _("The database refused it: a rule stands against it.")
        )
    return _close(proposal, ProposalState.CONFIRMED, by, note)


def decline(proposal: Proposal, *, by: StaffMember, note: str) -> Proposal:
    """Say no, with the reason; nothing changes."""
    with transaction.atomic():
        proposal = _locked(proposal)
        _check_decision(proposal, by)
        require(note.strip(), _("Say why you decline."), code="note_missing")
        return _close(proposal, ProposalState.DECLINED, by, note)


@transaction.atomic
def withdraw(proposal: Proposal, *, by: StaffMember) -> Proposal:
    """Take back one's own proposal."""
    proposal = _locked(proposal)
    require(proposal.proposed_by_id == by.pk, _("Who proposed it takes it back."))
    if proposal.state != ProposalState.OPEN:
        raise Refused(_("It was decided or withdrawn meanwhile."), code="decided_already")
    return _close(proposal, ProposalState.WITHDRAWN, None, "")


def expire(*, now: datetime | None = None) -> int:
    """Close what nobody decided in time; returns how many. Safe to repeat."""
    now = now or timezone.now()
    late = Proposal.objects.filter(state=ProposalState.OPEN, expires_at__lte=now)
    return late.update(state=ProposalState.EXPIRED, decided_at=now)


def _locked(proposal: Proposal) -> Proposal:
    rows = Proposal.objects.select_for_update(of=["self"]).select_related(
        "branch", "asked_from", "proposed_by"
    )
    return rows.get(pk=proposal.pk)


def _check_decision(proposal: Proposal, by: StaffMember) -> None:
    if proposal.state != ProposalState.OPEN:
        raise Refused(_("It was decided or withdrawn meanwhile."), code="decided_already")
    if proposal.proposed_by_id == by.pk:
        raise PermissionRefused(_("Another person decides what you proposed."), code="own_proposal")
    if proposal.expires_at <= timezone.now():
        raise Refused(_("It has expired. Whoever still wants it proposes it anew."), code="proposal_expired")
    require(may_decide(by, proposal), _("Your post does not decide this."))


def _refuse_if_changed_meanwhile(proposal: Proposal) -> None:
    """What was proposed on other values than today's is not carried out."""
    if not proposal.before:
        return
    subject = subject_of(proposal)
    if subject is None or _current_values(subject, proposal.change) != proposal.before:
        raise Refused(_("The record has changed since this was proposed."), code="changed_meanwhile")


def _close(proposal: Proposal, state: str, by: StaffMember | None, note: str) -> Proposal:
    proposal.state, proposal.decided_by, proposal.decided_at = state, by, timezone.now()
    proposal.decision_note = " ".join(note.split())[:300]
    proposal.save(update_fields=["state", "decided_by", "decided_at", "decision_note"])
    _note_change()
    return proposal


# -- Together, after a sample ------------------------------------------------------------------------------------------


def sample_size(number: int) -> int:
    """How many of ``number`` like proposals are looked at: a tenth, at least three, never more than there are."""
    return min(number, max(LEAST_SAMPLE, -(-number // SAMPLE_SHARE)))


@transaction.atomic
def draw_sample(kind: str, *, by: StaffMember) -> ProposalBatch:
    """Draw which of the like proposals this person opens before confirming all; one draw until it is used."""
    StaffMember.objects.select_for_update(no_key=True).get(pk=by.pk)
    if drawn := ProposalBatch.objects.filter(
        kind=kind, confirmer=by, confirmed_at=None, voided_at=None
    ).first():
        return drawn
    found = KINDS.get(kind)
    require(found is not None and found.together, _("These are decided one by one."), code="one_by_one")
    ids = [row.pk for row in waiting_for(by, limit=MOST_TOGETHER) if row.kind == kind]
    require(len(ids) > 1, _("There is nothing to confirm together."), code="nothing_together")
    sample = sorted(random.SystemRandom().sample(ids, sample_size(len(ids))))
    return ProposalBatch.objects.create(
        kind=kind, confirmer=by, proposal_ids=ids, sample_ids=sample, drawn_at=timezone.now()
    )


@transaction.atomic
def open_of_sample(batch: ProposalBatch, proposal_id: int, *, by: StaffMember) -> ProposalBatch:
    """Note that the confirmer has opened one of the sample."""
    batch = ProposalBatch.objects.select_for_update().get(pk=batch.pk, confirmer=by)
    require(proposal_id in batch.sample_ids, _("It is not one of the sample."), code="not_in_sample")
    if proposal_id not in batch.opened_ids:
        batch.opened_ids = sorted([*batch.opened_ids, proposal_id])
        batch.save(update_fields=["opened_ids"])
    return batch


@transaction.atomic
def confirm_together(batch: ProposalBatch, *, by: StaffMember) -> dict[str, int]:
    """Confirm all of a batch whose sample was opened; returns how many ended in which state.

    One of the sample declined or failed voids the batch: the others are then looked at one by one.
    """
    batch = ProposalBatch.objects.select_for_update().get(pk=batch.pk, confirmer=by)
    if batch.confirmed_at or batch.voided_at:
        raise Refused(_("This list is closed."), code="decided_already")
    if not set(batch.sample_ids) <= set(batch.opened_ids):
        raise Refused(_("Open every one of the sample first."), code="sample_not_opened")
    bad = (ProposalState.DECLINED, ProposalState.FAILED)
    if Proposal.objects.filter(pk__in=batch.sample_ids, state__in=bad).exists():
        batch.voided_at = timezone.now()
        batch.save(update_fields=["voided_at"])
        return {}
    counts: dict[str, int] = {}
    now = timezone.now()
    for row in Proposal.objects.filter(pk__in=batch.proposal_ids).order_by("pk"):
        if may_decide(by, row, now):
            state = confirm(row, by=by).state
            counts[state] = counts.get(state, 0) + 1
    batch.confirmed_at = timezone.now()
    batch.save(update_fields=["confirmed_at"])
    return counts
