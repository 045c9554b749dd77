"""Units, areas, staff and the calendar: the ground every record of the cooperative stands on."""

from branches.models.access import Device, SecondFactorSecret, Session
from branches.models.areas import Area, AreaService
from branches.models.days import CalendarDay
from branches.models.exports import Export
from branches.models.hours import OpeningException, OpeningHours
from branches.models.lists import ListImport
from branches.models.proposals import Proposal, ProposalBatch
from branches.models.ranges import DateRange, IntegerRange, SecondOfDay, in_force
from branches.models.staff import Post, RotationRule, StaffManager, StaffMember
from branches.models.training import FirstDayStep, QuizRecord
from branches.models.units import PlannedPost, Unit

__all__ = [
    "Area",
    "AreaService",
    "CalendarDay",
    "DateRange",
    "Device",
    "Export",
    "FirstDayStep",
    "IntegerRange",
    "ListImport",
    "OpeningException",
    "OpeningHours",
    "PlannedPost",
    "Post",
    "Proposal",
    "ProposalBatch",
    "QuizRecord",
    "RotationRule",
    "SecondFactorSecret",
    "SecondOfDay",
    "Session",
    "StaffManager",
    "StaffMember",
    "Unit",
    "in_force",
]
