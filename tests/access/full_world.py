"""Two branches with a row in every table that row-level security protects, and one customer who moves between them."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from decimal import Decimal

from django.apps import apps
from django.db import models, transaction

from coopcrm.shared.row_security import RULES
from customers.choices import RowOutcome
from customers.counter import drafts
from customers.models import (
    Absence,
    AnimalCount,
    ComputedTag,
    CropSeason,
    EmptyRegistration,
    ErasureProof,
    Feedback,
    HeaderMemory,
    Labour,
    LandParcel,
    LedgerRow,
    Machine,
    PersonLock,
    ReviewDecision,
    StaffHousehold,
    StagedRow,
    TagRule,
    UploadPart,
)
from kpi.models import BranchDay, LedgerFigure
from loans.models import AccountDay, AccountMonth, LoanApplication
from loans.partitions import ensure_months
from ratings.models import Contribution, Panel, PanelVote
from tests.access.world import Things, make_document_photo, make_export, make_things, make_upload
from tests.book import make_account, make_line, make_score
from tests.factories import TODAY, make_tag


def protected_models() -> list[type[models.Model]]:
    """The models behind the list, in its order."""
    by_table = {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}
    return [by_table[table] for table in RULES]


@transaction.atomic
def make_everything() -> Things:
    """Things of one branch, with at least one row in every protected table."""
    things = make_things()
    household, customer = things.household, things.customer
    Feedback.objects.create(customer=customer, branch=things.branch, given_on=TODAY, satisfaction=4)
    days = {"relation_ended_on": TODAY, "locked_on": TODAY, "erasure_due_on": TODAY}
    ReviewDecision.objects.create(pair=things.pair, decision="again", rule="R7", outcome="POSSIBLE", weight=4)
    PersonLock.objects.create(customer=customer, reason="asked", locked_by=things.officer, **days)
    ErasureProof.objects.create(
        customer=customer,
        erased_on=TODAY,
        relation_ended_on=TODAY,
        due_on=TODAY,
        rules={},
        counts={},
        digest=b"1",
    )
    row = LedgerRow(
        file=things.file,
        branch=things.branch,
        kind=things.file.kind,
        row_number=1,
        row_key=str(things.branch.pk).encode(),
        outcome=RowOutcome.MATCHED,
        customer=customer,
    )
    row.seal("raw", "{}")
    row.save(force_insert=True)
    make_staged(things)
    account = make_account(customer)
    ensure_months(TODAY.replace(day=1), TODAY)
    AccountDay.objects.create(account=account, day=TODAY, balance=Decimal(10))
    AccountMonth.objects.create(
        account=account, month=TODAY.replace(day=1), adb=Decimal(10), balance_end=Decimal(10)
    )
    make_line(household)
    observed = {"household": household, "observed_on": TODAY}
    LandParcel.objects.create(name="East field", mu=2, **observed)
    CropSeason.objects.create(year=2026, season="2", crop="wheat", mu=2, **observed)
    AnimalCount.objects.create(kind="pigs", heads=3, **observed)
    Machine.objects.create(kind="tractor", **observed)
    Labour.objects.create(customer=customer, work="farm", **observed)
    Absence.objects.create(household=household, customer=customer, valid_from=TODAY)
    EmptyRegistration.objects.create(household=household, valid_from=TODAY, reason="empty")
    rule = TagRule.objects.create(
        tag=make_tag(is_computed=True), version=1, filters={"animals": "yes"}, valid_from=TODAY
    )
    ComputedTag.objects.create(customer=customer, tag=rule.tag, rule=rule, valid_from=TODAY)
    StaffHousehold.objects.create(staff=things.officer, household=household, declared_on=TODAY)
    LoanApplication.objects.create(
        household=household,
        branch=things.branch,
        amount=Decimal(2000),
        applied_at=datetime(2026, 3, 1, tzinfo=UTC),
    )
    panel = Panel.objects.create(household=household, held_on=TODAY)
    PanelVote.objects.create(panel=panel, member="A", vote=8)
    _results_of(things)
    LedgerFigure.objects.create(
        branch=things.branch, month=TODAY.replace(day=1), code=LedgerFigure.Code.PROFIT_ACTUAL, amount=1
    )
    BranchDay.objects.create(branch=things.branch, day=TODAY, deposits=1, loans=1, transactions=1, fees=1)
    make_score(things.branch, "81.50")
    make_export(things.officer)
    drafts.keep(staff=things.officer, branch=things.branch, form_key=uuid.uuid4(), typed={"name": ["张桂兰"]})
    make_document_photo(things)
    assert things.view.branch_id == things.branch.pk
    assert things.merge.moves.exists()
    return things


def _results_of(things: Things) -> None:
    """Give the customer of the things a contribution and a tier of their own."""
    for row in (Contribution.objects.get(customer=things.tier.customer_id), things.tier):
        same = {
            field.attname: getattr(row, field.attname) for field in row._meta.fields if not field.primary_key
        }
        type(row).objects.create(**{**same, "customer_id": things.customer.pk, "digest": b"own"})


def rows_now() -> dict[str, set]:
    """Keys of all rows of the protected tables, as the owner sees them."""
    return {
        model._meta.db_table: set(model._base_manager.values_list("pk", flat=True))
        for model in protected_models()
    }


def make_staged(things: Things) -> None:
    """A ledger on its way in with a piece and a row, and a header that the branch remembers."""
    file = make_upload(things, things.officer)
    UploadPart.objects.create(upload=file.upload, file=file, kind="rows", number=0, content=b"1")
    staged = {"position": 1, "row_number": 1, "outcome": RowOutcome.CREATED, "cells": b"1"}
    StagedRow.objects.create(upload=file.upload, file=file, branch=things.branch, **staged)
    HeaderMemory.objects.create(
        branch=things.branch, kind=file.kind, fingerprint="1", saved_by=things.officer
    )
