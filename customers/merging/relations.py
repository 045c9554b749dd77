"""Which rows point to a customer or household, and what a merge does with them: one list for every app.

Each app registers its relations in ``registries.merge_relations``; ``uncovered`` finds what was forgotten, and a merge
is refused until nothing is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from django.apps import apps
from django.db import models
from django.utils.translation import gettext_lazy as _

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
    Organisation,
    OrganisationManager,
    OtherName,
    PersonLock,
    PersonSkill,
    Phone,
    Representative,
    ReviewPair,
    RightsRequest,
    SegmentMember,
    Sharing,
    Slip,
    StaffHousehold,
    Statement,
    Task,
    VisitNote,
)
from customers.registries import MergeRelation

MOVE, STAY, OWN = MergeRelation.MOVE, MergeRelation.STAY, MergeRelation.OWN
COMPUTED = _("A result of its day; the next run computes for both together.")
SIGNED = _("Signed for the record as it was.")
OF_THE_DEED = _("Tells of the deed itself.")

PLAIN_NUMBERS: dict[str, str] = {
    "shared.AuditEntry.subject_id": "the ledger of deeds tells of the record as it was; reading asks for both",
    "branches.Proposal.subject_id": "what was proposed about a record is decided about that record",
    "customers.HouseholdEvent.changes": "ids of memberships and marriages, and whom a death was about",
    "customers.Merge.before": "values of both sides before the merge",
    "customers.LedgerRow.was_customer": "what a row of an import that was taken back had become",
    "customers.LedgerRow.was_household": "what a row of an import that was taken back had become",
    "customers.ListView.filters": "codes and ids of places, not of people",
    "shared.WorkOrder.payload": "orders that run resolve whom they find",
}
"""Ids of people and households that stand in columns without a reference, and why a merge leaves them."""


def register(model: type[models.Model], how: str, *fields: str, why: Any = "", asks: bool = True) -> None:
    """Let rows of a model take part in merges by these fields."""
    for field in fields:
        relation = MergeRelation(model, field, how, why, asks)
        if registries.merge_relations.get(relation.label) is None:
            registries.merge_relations.register(relation.label, relation)


def relations(target: type[models.Model], *hows: str) -> Iterator[MergeRelation]:
    """Registered relations that point to a customer, or to a household."""
    for relation in registries.merge_relations:
        if relation.target is target and (not hows or relation.how in hows):
            yield relation


def relation(label: str) -> MergeRelation | None:
    """The relation of that label."""
    return registries.merge_relations.get(label)


def pointing(targets: Iterable[type[models.Model]] = (Customer, Household)) -> set[str]:
    """Labels of every reference to a customer or household that there is, whichever app it stands in."""
    wanted = tuple(targets)
    return {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.get_fields()
        if field.is_relation and getattr(field, "concrete", False) and field.related_model in wanted
    }


@cache
def uncovered() -> frozenset[str]:
    """References to a customer or household about which nobody has said what a merge does with them."""
    return frozenset(pointing() - {relation.label for relation in registries.merge_relations})


def register_own_relations() -> None:
    """What this app says about its own tables."""
    register(Customer, MOVE, "merged_into", asks=False)
    for model in (IdentityDocument, Phone, OtherName, PersonSkill, Statement, LedgerRow, Slip):
        register(model, MOVE, "customer")
    for model in (Case, CaseEvent, Task, Invitation, Feedback, CampaignMember, CustomerTag, RightsRequest):
        register(model, MOVE, "customer")
    register(Consent, MOVE, "customer", "guardian")
    register(HouseholdEvent, MOVE, "customer", "partner")
    register(Absence, MOVE, "customer")
    register(Labour, MOVE, "customer")
    register(Membership, MOVE, "customer", asks=False)
    register(Household, MOVE, "head", asks=False)
    register(Organisation, STAY, "customer", why=_("The register entry of the record that stays holds."))
    register(Representative, MOVE, "organisation", "person")
    register(CoopMember, MOVE, "organisation", "person")
    register(OrganisationManager, STAY, "organisation", why=_("The survivor has a manager of its own."))
    register(Marriage, OWN, "first", "second")
    register(ReviewPair, OWN, "first", "second")
    register(HouseholdQuestion, OWN, "first", "second")
    register(Merge, STAY, "survivor", "other", "household", "other_household", why=OF_THE_DEED)
    for model in (ComputedTag, SegmentMember):
        register(model, STAY, "customer", why=COMPUTED)
    register(PersonLock, STAY, "customer", why=SIGNED)
    register(ErasureProof, STAY, "customer", why=SIGNED)
    _register_households()


def _register_households() -> None:
    for model in (FactSheet, LandParcel, CropSeason, AnimalCount, Machine, Labour, VisitNote):
        register(model, MOVE, "household")
    for model in (Absence, EmptyRegistration, LedgerRow, CoopMember, Sharing, StaffHousehold, Task):
        register(model, MOVE, "household")
    register(Membership, STAY, "household", why=_("Who lived there until then; members move by an event."))
    register(HouseholdEvent, STAY, "household", why=_("Tells what happened to that record."))
    register(ManagerAssignment, STAY, "household", why=_("Who was responsible for that record."))
    register(HandoverItem, STAY, "household", why=SIGNED)
