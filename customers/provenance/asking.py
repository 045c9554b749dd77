"""Asking at the next contact: one open task a person that lists what is missing and closes when it is known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from branches.choices import PostCode
from branches.models import StaffMember, in_force
from coopcrm.shared.errors import require
from customers.choices import DocumentState, PhoneKind
from customers.models import Customer, Household, IdentityDocument, Phone, Task
from customers.provenance import policies, quality
from customers.provenance.records import quality_of
from customers.registries import TaskKind, task_kinds
from customers.tasks.reasons import Reason
from customers.tasks.services import open_task, settle_tasks

KIND, SOURCE = "complete_record", "provenance.record"
DAYS = 90
REASON = gettext_noop("Ask at the next contact: %(count)s things are missing or not sure in this record.")


@transaction.atomic
def ask_at_next_contact(*, staff: StaffMember, customer: Customer, on: date) -> Task:
    """Open the task for a person; while one is open it is returned as it is."""
    require(
        policies.may_state(staff, customer),
        _("Counter, officers and directors of the managing branch ask their customers."),
    )
    asked = [gap.code for gap in quality_of(customer, on).asked]
    require(asked, _("Nothing is missing in this record."), code="nothing_missing")
    membership = customer.memberships.filter(in_force(on)).select_related("household").first()
    return open_task(
        branch=customer.branch,
        kind=KIND,
        reason=Reason(REASON, {"count": len(asked), "asked": asked}),
        due_on=on + timedelta(days=DAYS),
        customer=customer,
        household=membership.household if membership else None,
        source=SOURCE,
        key=str(customer.pk),
        by=staff,
        on=on,
    )


def open_task_of(customer: Customer) -> Task | None:
    """The open task of a person, when there is one."""
    return Task.objects.open().filter(source=SOURCE, key=str(customer.pk)).first()


def settled(tasks: QuerySet[Task], as_of: date) -> QuerySet[Task]:
    """Open tasks of which everything asked is known by now."""
    still = Q(pk__in=[])
    for code, condition in _still(as_of).items():
        still |= Q(reason_params__asked__contains=[code]) & condition
    return tasks.filter(~still)


def _still(as_of: date) -> dict[str, Any]:
    """By code whether the person of a task still lacks it; the sentences of ``quality`` for a set of tasks."""
    person = Customer.objects.filter(pk=OuterRef("customer"))
    papers = IdentityDocument.objects.filter(customer=OuterRef("customer")).exclude(
        Q(state=DocumentState.RETIRED) | Q(kind__in=quality.NOT_OF_ONE_PERSON)
    )
    held = papers.filter(state=DocumentState.HELD, invalid_reason="")
    phones = Phone.objects.filter(customer=OuterRef("customer"), valid_from__lte=as_of).exclude(
        valid_to__lte=as_of
    )
    fresh = person.filter(verified_on__gt=as_of - timedelta(days=quality.FRESH_DAYS), verified_on__lte=as_of)
    return {
        "document": ~Exists(held),
        "phone": ~Exists(phones),
        "village": Exists(person.filter(village=None)),
        "birth_date": Exists(person.filter(birth_date=None)),
        "sex": Exists(person.filter(sex="")),
        "document_wrong": Exists(papers.filter(Q(state=DocumentState.UNVERIFIED) | ~Q(invalid_reason=""))),
        "document_disputed": Exists(papers.filter(state=DocumentState.DISPUTED)),
        "document_expired": Exists(held.filter(expires_on__lt=as_of)),
        "phone_wrong": Exists(phones.filter(kind=PhoneKind.UNKNOWN)),
        "disputed": Exists(person.exclude(disputed=[])),
        "stale": ~Exists(fresh),
    }


def close_what_is_known(customer: Customer, on: date) -> None:
    """Close the person's task at once when everything asked is known."""
    if open_task_of(customer):
        settle_tasks(as_of=on, branch=customer.branch)


@dataclass(frozen=True)
class Questions:
    """A person of a household with what to ask."""

    customer: Customer
    gaps: list[quality.Gap]


def questions_of(household: Household, on: date) -> list[Questions]:
    """What is to be asked of the people of a household whom somebody wanted to be asked; for the visit."""
    tasks = Task.objects.open().filter(kind=KIND, customer__memberships__household=household)
    living = tasks.filter(in_force_of_membership(on)).select_related("customer").order_by("pk")
    return [Questions(task.customer, asked_in(task)) for task in living]


def in_force_of_membership(day: date) -> Q:
    """The membership that leads to the household holds on a day."""
    begun = Q(customer__memberships__valid_from__lte=day)
    ended = Q(customer__memberships__valid_to=None) | Q(customer__memberships__valid_to__gt=day)
    return begun & ended


def asked_of(customer_ids: Iterable[int]) -> dict[int, list[str]]:
    """By person what somebody wanted to be asked at the next contact, in a word or two each; in one query."""
    tasks = Task.objects.open().filter(source=SOURCE, key__in=[str(pk) for pk in customer_ids])
    return {
        task.customer_id: [str(quality.ASKED_WORDS[gap.code]) for gap in asked_in(task)]
        for task in tasks.only("customer", "reason_params")
    }


def asked_in(task: Task) -> list[quality.Gap]:
    """What a task asks, in sentences."""
    return gaps_of(task.reason_params.get("asked", []))


def gaps_of(codes: Iterable[str]) -> list[quality.Gap]:
    """Codes as gaps with their sentences."""
    return [quality.Gap(code, *quality.SENTENCES[code]) for code in codes if code in quality.SENTENCES]


def _page_of(task: Task) -> tuple[Any, str]:
    return _("Correct or add"), reverse("customers:statements", args=[task.customer_id])


def register() -> None:
    """Put the kind of task into place."""
    task_kinds.register(
        KIND,
        TaskKind(
            gettext_lazy("Complete the record"),
            "list-check",
            PostCode.CUSTOMER_MANAGER,
            settled=settled,
            action=_page_of,
        ),
    )
