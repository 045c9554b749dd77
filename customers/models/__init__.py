"""The registry in chapters: people, households, visits, feedback, ledgers, consents, rights, tasks, lists."""

from customers.models.campaigns import (
    Campaign,
    CampaignMember,
    Segment,
    SegmentDay,
    SegmentMember,
    SegmentVersion,
)
from customers.models.cases import Case, CaseEvent
from customers.models.consents import Consent, ConsentText
from customers.models.counter import CounterDraft, Slip, SlipPrint
from customers.models.farm import AnimalCount, CropSeason, Labour, LandParcel, Machine
from customers.models.feedback import Feedback, Invitation
from customers.models.homes import Absence, EmptyRegistration, HouseholdEvent
from customers.models.households import FactSheet, Household, ManagerAssignment, Membership
from customers.models.ledgers import LedgerFile, LedgerImport, LedgerRow
from customers.models.lists import ListView
from customers.models.matching import HouseholdQuestion, MatchingCandidate, MatchingScan, NameCount
from customers.models.merging import Merge, MergeMove
from customers.models.organisations import CoopMember, Organisation, OrganisationManager, Representative
from customers.models.people import Customer, DocumentPhoto, IdentityDocument, Marriage, Phone
from customers.models.persons import OtherName, PersonSkill
from customers.models.portfolios import Handover, HandoverItem
from customers.models.provenance import SourceRule, Statement
from customers.models.reminders import ReminderRule
from customers.models.review import ReviewDecision, ReviewPair
from customers.models.rights import ErasureProof, PersonLock, PrivacyRule, RightsRequest
from customers.models.sharing import Sharing, StaffHousehold
from customers.models.tags import ComputedTag, CustomerTag, Tag, TagRule
from customers.models.tasks import Task
from customers.models.uploads import HeaderMemory, LedgerUpload, StagedRow, UploadFile, UploadPart
from customers.models.visits import VisitNote
from customers.models.weights import MatchingRule, MatchingRun

__all__ = [
    "Absence",
    "AnimalCount",
    "Campaign",
    "CampaignMember",
    "Case",
    "CaseEvent",
    "ComputedTag",
    "Consent",
    "ConsentText",
    "CoopMember",
    "CounterDraft",
    "CropSeason",
    "Customer",
    "CustomerTag",
    "DocumentPhoto",
    "EmptyRegistration",
    "ErasureProof",
    "FactSheet",
    "Feedback",
    "Handover",
    "HandoverItem",
    "HeaderMemory",
    "Household",
    "HouseholdEvent",
    "HouseholdQuestion",
    "IdentityDocument",
    "Invitation",
    "Labour",
    "LandParcel",
    "LedgerFile",
    "LedgerImport",
    "LedgerRow",
    "LedgerUpload",
    "ListView",
    "Machine",
    "ManagerAssignment",
    "Marriage",
    "MatchingCandidate",
    "MatchingRule",
    "MatchingRun",
    "MatchingScan",
    "Membership",
    "Merge",
    "MergeMove",
    "NameCount",
    "Organisation",
    "OrganisationManager",
    "OtherName",
    "PersonLock",
    "PersonSkill",
    "Phone",
    "PrivacyRule",
    "ReminderRule",
    "Representative",
    "ReviewDecision",
    "ReviewPair",
    "RightsRequest",
    "Segment",
    "SegmentDay",
    "SegmentMember",
    "SegmentVersion",
    "Sharing",
    "Slip",
    "SlipPrint",
    "SourceRule",
    "StaffHousehold",
    "StagedRow",
    "Statement",
    "Tag",
    "TagRule",
    "Task",
    "UploadFile",
    "UploadPart",
    "VisitNote",
]
