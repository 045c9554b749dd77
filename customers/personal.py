"""Every table that knows something of a person: how it is found, what a copy leaves out, what an erasure takes away.

Each app registers its tables in ``registries.personal_tables``; a test walks all models and fails for one that leads to
a person or household and is neither registered nor exempt with a reason, and for a field of class C2 about which
nothing is said. ``docs/privacy.md`` says how a table is added.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import models
from django.db.models import Q, QuerySet
from django.utils import timezone

from branches.models import Proposal
from coopcrm.shared.fields import KeyField, SealedField
from coopcrm.shared.models import AuditEntry, Deed
from coopcrm.shared.plain import plain
from customers import registries
from customers.models import (
    Absence,
    AnimalCount,
    CampaignMember,
    Case,
    CaseEvent,
    ComputedTag,
    Consent,
    CoopMember,
    CropSeason,
    Customer,
    CustomerTag,
    DocumentPhoto,
    EmptyRegistration,
    ErasureProof,
    FactSheet,
    Feedback,
    HandoverItem,
    Household,
    HouseholdEvent,
    HouseholdQuestion,
    IdentityDocument,
    Invitation,
    Labour,
    LandParcel,
    LedgerRow,
    Machine,
    ManagerAssignment,
    Marriage,
    Membership,
    Merge,
    MergeMove,
    Organisation,
    OrganisationManager,
    OtherName,
    PersonLock,
    PersonSkill,
    Phone,
    Representative,
    ReviewDecision,
    ReviewPair,
    RightsRequest,
    SegmentMember,
    Sharing,
    Slip,
    SlipPrint,
    StaffHousehold,
    Statement,
    Task,
    VisitNote,
)

NOTHING = "'＊'"
NO_BYTES = "''::bytea"


def digest_of_row(label: str) -> str:
    """A digest that says nothing but that it is this row's, for columns that must be unique or filled."""
    return f"decode(md5('{label} ' || t.id), 'hex')"


def digest_name(label: str) -> str:
    """The same as text, for names that must differ from each other."""
    return f"'＊' || md5('{label} ' || t.id)"


def digest_word(label: str) -> str:
    """The same, cut to a word."""
    return f"left({digest_name(label)}, 12)"


@dataclass(frozen=True)
class PersonalTable:
    """A table that knows something of persons.

    ``owners`` are the roads from a row to the person (``account__customer``), ``household`` the road to a household.
    Of a household's rows those after the person's leaving (``day``) are not the person's. ``only`` narrows a table that
    speaks of other things too. An erasure sets ``erases`` (column to SQL, the row is ``t``), strikes the person's names
    and numbers out of the text in ``scrubs``, and sets ``empties`` once nobody of the household is left. ``figures``
    are the fields of class C2 that stay (``*``: all of them): without the rest they name nobody. ``hides`` stays out of
    a copy; ``files`` is the road to a stored file, which an erasure removes.
    """

    model: type[models.Model]
    owners: tuple[str, ...] = ()
    household: str = ""
    day: str = ""
    only: Mapping[str, str] = field(default_factory=dict)
    erases: Mapping[str, str] = field(default_factory=dict)
    scrubs: tuple[str, ...] = ()
    empties: Mapping[str, str] = field(default_factory=dict)
    figures: tuple[str, ...] = ()
    hides: tuple[str, ...] = ()
    files: str = ""

    @property
    def table(self) -> str:
        return self.model._meta.db_table


def tables() -> Iterator[PersonalTable]:
    """Every registered table."""
    return iter(registries.personal_tables)


def register(table: PersonalTable) -> None:
    """Let a table take part in copies and erasures."""
    registries.personal_tables.register(table.model._meta.label, table)


# -- The registry's own tables -----------------------------------------------------------------------------------------

OWN_TABLES = (
    PersonalTable(
        Customer,
        owners=("pk",),
        erases={
            "name": NOTHING,
            **dict.fromkeys(("name_key", "given_key", "pinyin", "initials", "given_pinyin", "sex"), "''"),
            **dict.fromkeys(("group_no", "address", "occupation"), "''"),
            **dict.fromkeys(("education", "residence", "contact_language", "contact_hours"), "''"),
            **dict.fromkeys(("birth_date", "deceased_on", "village_id", "form_key"), "NULL"),
            "state": "CASE WHEN t.state = 'merged' THEN t.state ELSE 'erased' END",
            "disputed": "'{}'",
            "is_locked": "true",
        },
        hides=("name_key", "given_key", "pinyin", "initials", "given_pinyin", "form_key"),
    ),
    PersonalTable(
        IdentityDocument,
        owners=("customer",),
        erases={
            "number": NO_BYTES,
            "number_key": digest_of_row("erased document"),
            **dict.fromkeys(("tail_key", "core_key"), NO_BYTES),
            **dict.fromkeys(("issued_on", "expires_on"), "NULL"),
            **dict.fromkeys(("issued_by", "retired_note"), "''"),
            "state": "'RETIRED'",
        },
    ),
    PersonalTable(
        OtherName,
        owners=("customer",),
        erases={
            "name": digest_name("erased name"),
            **dict.fromkeys(("name_key", "given_key", "pinyin", "initials", "given_pinyin"), "''"),
        },
        hides=("name_key", "given_key", "pinyin", "initials", "given_pinyin"),
    ),
    PersonalTable(
        PersonSkill, owners=("customer",), erases={"code": "'other'", "words": digest_word("skill")}
    ),
    PersonalTable(
        Organisation,
        owners=("customer",),
        erases={"founded_on": "NULL", **dict.fromkeys(("business_scope", "registered_address"), "''")},
    ),
    PersonalTable(Representative, owners=("person", "organisation")),
    PersonalTable(
        CoopMember, owners=("person",), household="household", day="valid_from", figures=("share_amount",)
    ),
    PersonalTable(OrganisationManager, owners=("organisation",)),
    PersonalTable(DocumentPhoto, owners=("document__customer",), files="file"),
    PersonalTable(
        Phone,
        owners=("customer",),
        erases={"number": NO_BYTES, "number_key": digest_of_row("erased phone"), "tail_key": NO_BYTES},
    ),
    PersonalTable(
        Marriage,
        owners=("first", "second"),
        erases=dict.fromkeys(("number", "number_key", "end_number", "end_number_key"), NO_BYTES),
        figures=("valid_from", "valid_to", "ended_by"),
    ),
    PersonalTable(Membership, owners=("customer",), figures=("relation",)),
    PersonalTable(
        Statement,
        owners=("customer",),
        erases={
            **dict.fromkeys(("value", "compared"), "''"),
            "reason": f"CASE WHEN t.reason = '' THEN '' ELSE {NOTHING} END",
        },
        hides=("compared", "corrects"),
    ),
    PersonalTable(
        Household,
        household="pk",
        empties={
            **dict.fromkeys(("register_no", "group_no", "address"), "''"),
            **dict.fromkeys(("latitude", "longitude", "village_id"), "NULL"),
        },
        hides=("head",),
    ),
    PersonalTable(
        HouseholdEvent,
        owners=("customer", "partner"),
        household="household",
        day="happened_on",
        scrubs=("reason",),
        empties={"reason": f"CASE WHEN t.reason = '' THEN '' ELSE {NOTHING} END", "changes": "'{}'"},
        figures=("kind",),
        hides=("deed", "changes"),
    ),
    PersonalTable(
        LandParcel,
        household="household",
        day="observed_on",
        empties={"name": NOTHING, "village_id": "NULL"},
        figures=("mu", "tenure", "has_certificate"),
    ),
    PersonalTable(
        CropSeason,
        household="household",
        day="observed_on",
        figures=(
            *("year", "season", "crop", "mu"),
            *("expected_yield", "actual_yield", "expected_income", "actual_income"),
        ),
    ),
    PersonalTable(AnimalCount, household="household", day="observed_on", figures=("kind", "heads", "value")),
    PersonalTable(
        Machine,
        household="household",
        day="observed_on",
        figures=("kind", "built_year", "value", "is_shared"),
    ),
    PersonalTable(
        Labour,
        owners=("customer",),
        erases={"place": "''"},
        figures=("work", "months_away"),
    ),
    PersonalTable(
        Absence,
        owners=("customer",),
        household="household",
        day="valid_from",
        erases={"where_to": "''"},
    ),
    PersonalTable(
        EmptyRegistration,
        household="household",
        day="valid_from",
        scrubs=("reason", "decision"),
        empties={
            "reason": NOTHING,
            "decision": f"CASE WHEN t.decision = '' THEN '' ELSE {NOTHING} END",
        },
    ),
    PersonalTable(ManagerAssignment, household="household", day="valid_from"),
    PersonalTable(Sharing, household="household", day="valid_from"),
    PersonalTable(StaffHousehold, household="household", day="declared_on", hides=("staff",)),
    PersonalTable(
        HandoverItem,
        household="household",
        day="handover__effective_on",
        scrubs=("difference",),
        empties={"difference": f"CASE WHEN t.difference = '' THEN '' ELSE {NOTHING} END"},
        figures=("exposure", "has_problem_loan", "differs"),
    ),
    PersonalTable(
        FactSheet,
        household="household",
        day="recorded_on",
        empties={"livestock": "'{}'", "noted_grade": "''", "sources": "'{}'"},
        figures=(
            *("population", "labour", "residence_years", "net_income", "gross_income", "living_expenditure"),
            *(
                "income_sources",
                "assets",
                "liabilities",
                "guarantees_given",
                "other_unsecured",
                "credit_report",
            ),
            *("land_mu", "bonus", "malus", "flags", "second_investigator", "oldest_core_on"),
        ),
    ),
    PersonalTable(
        VisitNote,
        household="household",
        day="visited_on",
        scrubs=("summary",),
        empties={"summary": NOTHING},
        figures=("minutes", "distance_m"),
    ),
    PersonalTable(
        Feedback,
        owners=("customer",),
        erases={"words": f"CASE WHEN t.words = '' THEN '' ELSE {NOTHING} END", "origin": NO_BYTES},
        figures=("satisfaction", "recommendation"),
    ),
    PersonalTable(SegmentMember, owners=("customer",)),
    PersonalTable(CampaignMember, owners=("customer",), figures=("outcome",)),
    PersonalTable(Invitation, owners=("customer",), hides=("key",)),
    PersonalTable(  # the keyed digest stays, so that the ledger read once more does not bring the person back
        LedgerRow,
        owners=("customer", "was_customer"),
        erases=dict.fromkeys(("raw", "account_key"), NO_BYTES),
        figures=("row_key",),
    ),
    PersonalTable(
        ReviewPair,
        owners=("first", "second"),
        erases={"evidence": "t.evidence - 'said'"},
        figures=("weight",),
    ),
    PersonalTable(
        ReviewDecision,
        owners=("pair__first", "pair__second"),
        figures=("levels", "weight"),
    ),
    PersonalTable(
        HouseholdQuestion, owners=("first", "second"), erases={"evidence": "'{}'"}, figures=("weight",)
    ),
    PersonalTable(
        Merge,
        owners=("survivor", "other"),
        household="household",
        day="done_at__date",
        erases={
            "before": "'{}'",
            "reason": f"CASE WHEN t.reason = '' THEN '' ELSE {NOTHING} END",
            "undo_reason": f"CASE WHEN t.undo_reason = '' THEN '' ELSE {NOTHING} END",
        },
        scrubs=("reason", "undo_reason"),
        empties={"before": "'{}'"},
        hides=("marks", "deed", "before"),
    ),
    PersonalTable(
        MergeMove,
        owners=("merge__survivor", "merge__other"),
        figures=("before",),
        hides=("ids", "before"),
    ),
    PersonalTable(
        Consent, owners=("customer", "guardian"), erases={"reference": "''"}, figures=("decision",)
    ),
    PersonalTable(
        RightsRequest,
        owners=("customer",),
        erases={
            **dict.fromkeys(("details", "evidence", "file"), "''"),
            **dict.fromkeys(("present_value", "asked_value"), NO_BYTES),
            "answer": f"CASE WHEN t.answer = '' THEN '' ELSE {NOTHING} END",
            "identity_check": f"CASE WHEN t.identity_check = '' THEN '' ELSE {NOTHING} END",
        },
        hides=("file", "job_id"),
    ),
    PersonalTable(
        PersonLock,
        owners=("customer",),
        erases={
            "reason": NOTHING,
            "lift_reason": f"CASE WHEN t.lift_reason = '' THEN '' ELSE {NOTHING} END",
        },
    ),
    PersonalTable(  # the digest of the code stays unique and leads nowhere
        Slip,
        owners=("customer",),
        erases={"content": "'{}'", "code": NO_BYTES, "code_key": digest_of_row("erased slip")},
    ),
    PersonalTable(SlipPrint, owners=("slip__customer",)),
    PersonalTable(ErasureProof, owners=("customer",)),
    PersonalTable(
        Case,
        owners=("customer",),
        erases={"words": NOTHING, "answer": f"CASE WHEN t.answer = '' THEN '' ELSE {NOTHING} END"},
    ),
    PersonalTable(
        CaseEvent,
        owners=("customer",),
        erases={"words": f"CASE WHEN t.words = '' THEN '' ELSE {NOTHING} END"},
    ),
    PersonalTable(
        CustomerTag,
        owners=("customer",),
        erases={"reason": f"CASE WHEN t.reason = '' THEN '' ELSE {NOTHING} END"},
        scrubs=("reason",),
        figures=("tag",),
    ),
    PersonalTable(ComputedTag, owners=("customer",), figures=("tag",), hides=("rule",)),
    PersonalTable(
        Task,
        owners=("customer",),
        household="household",
        day="opened_on",
        erases={
            "reason": NOTHING,
            "reason_params": "'{}'",
            "outcome": f"CASE WHEN t.outcome = '' THEN '' ELSE {NOTHING} END",
        },
        scrubs=("reason", "outcome"),
        empties={
            "reason": NOTHING,
            "reason_params": "'{}'",
            "outcome": f"CASE WHEN t.outcome = '' THEN '' ELSE {NOTHING} END",
        },
        hides=("reason_params", "source", "key"),
    ),
    PersonalTable(
        Proposal,
        owners=("subject_id",),
        only={"subject_table": "customers_customer"},
        erases={
            **dict.fromkeys(("change", "before"), "'{}'"),
            **dict.fromkeys(("reason", "decision_note"), "''"),
        },
    ),
)


def register_own_tables() -> None:
    """Register the tables of this app and those below that speak of persons without a reference."""
    for table in OWN_TABLES:
        register(table)


# -- Everything about one person ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Gathered:
    """The rows of one table about a person: column to plain value, with the words of each column."""

    table: str
    label: str
    labels: dict[str, str]
    rows: list[dict[str, Any]]


def gather(customer: Customer) -> list[Gathered]:
    """Everything the cooperative knows of a person, table by table; sealed numbers are opened."""
    people = [customer.pk, *Customer.objects.filter(merged_into=customer).values_list("pk", flat=True)]
    stays = list(Membership.objects.filter(customer__in=people))
    found = [_gather_table(table, people, stays) for table in tables()]
    return [*found, _readings(people)]


def rows_of(table: PersonalTable, people: list[int], stays: list[Membership]) -> QuerySet:
    """Rows of a table about these records of one person."""
    wanted = Q(pk__in=[])
    for owner in table.owners:
        wanted |= Q(**{f"{owner}__in": people})
    if table.household:
        for stay in stays:
            wanted |= _while_living_there(table, stay)
    rows = table.model._base_manager.filter(wanted, **table.only)
    return rows.order_by("pk")


def _while_living_there(table: PersonalTable, stay: Membership) -> Q:
    rows = Q(**{table.household: stay.household_id})
    if table.day and stay.valid_to:
        rows &= Q(**{f"{table.day}__lt": stay.valid_to})
    return rows


def _gather_table(table: PersonalTable, people: list[int], stays: list[Membership]) -> Gathered:
    shown = [column for column in table.model._meta.concrete_fields if is_shown(table, column)]
    references = [
        column.name for column in shown if column.is_relation and column.related_model is not Customer
    ]
    rows = rows_of(table, people, stays).select_related(*references)
    meta = table.model._meta
    return Gathered(
        meta.db_table,
        str(meta.verbose_name_plural),
        {column.name: str(column.verbose_name) for column in shown},
        [{column.name: value_of(row, column) for column in shown} for row in rows],
    )


def is_shown(table: PersonalTable, column: models.Field) -> bool:
    """Whether a copy has this column: all but digests and what serves the machine alone."""
    is_digest = isinstance(column, KeyField) or (
        isinstance(column, models.BinaryField) and not isinstance(column, SealedField)
    )
    return not is_digest and column.name not in table.hides


def value_of(row: models.Model, column: models.Field) -> Any:
    """A value as people read it: numbers opened, codes in words, references by name, other persons by number alone."""
    if isinstance(column, SealedField):
        return row.open(column.name)
    if column.is_relation:
        if column.related_model is Customer:
            return getattr(row, column.attname)
        found = getattr(row, column.name)
        return None if found is None else str(found)
    value = getattr(row, column.name)
    if column.choices and value not in (None, ""):
        return str(getattr(row, f"get_{column.name}_display")())
    if isinstance(value, datetime):
        return timezone.localtime(value).isoformat(timespec="seconds")
    return value.isoformat() if isinstance(value, date) else plain(value)


def _readings(people: list[int]) -> Gathered:
    """When the person's full numbers were shown or their data left the house, and what for."""
    deeds = (Deed.READING, Deed.EXPORT)
    rows = AuditEntry.objects.filter(subject_id__in=people, deed__in=deeds).order_by("at")
    meta = AuditEntry._meta
    labels = {name: str(meta.get_field(name).verbose_name) for name in ("at", "deed", "purpose")}
    return Gathered(
        meta.db_table,
        str(meta.verbose_name_plural),
        labels,
        [
            {
                "at": timezone.localtime(row.at).isoformat(timespec="seconds"),
                "deed": row.get_deed_display(),
                "purpose": row.purpose,
            }
            for row in rows
        ],
    )
