"""Units, areas, staff and the calendar: the ground every record of the cooperative stands on."""

from branches.models.access import Device, SecondFactorSecret, Session
from branches.models.areas import Area
from branches.models.days import CalendarDay
from branches.models.proposals import Proposal, ProposalBatch
from branches.models.ranges import DateRange
from branches.models.staff import Post, StaffManager, StaffMember
from branches.models.units import Unit

__all__ = [
    "Area",
    "CalendarDay",
    "DateRange",
    "Device",
    "Post",
    "Proposal",
    "ProposalBatch",
    "SecondFactorSecret",
    "Session",
    "StaffManager",
    "StaffMember",
    "Unit",
]
