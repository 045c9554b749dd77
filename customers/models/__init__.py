"""The registry in chapters: people, households, visits and feedback, ledgers, consents."""

from customers.models.consents import Consent, ConsentText
from customers.models.households import FactSheet, Household, ManagerAssignment, Membership
from customers.models.ledgers import LedgerFile, LedgerImport, LedgerRow, ReviewPair
from customers.models.people import Customer, DocumentPhoto, IdentityDocument, Marriage, Phone
from customers.models.portfolios import Handover, HandoverItem
from customers.models.sharing import Sharing, StaffHousehold
from customers.models.visits import Feedback, VisitNote

__all__ = [
    "Consent",
    "ConsentText",
    "Customer",
    "DocumentPhoto",
    "FactSheet",
    "Feedback",
    "Handover",
    "HandoverItem",
    "Household",
    "IdentityDocument",
    "LedgerFile",
    "LedgerImport",
    "LedgerRow",
    "ManagerAssignment",
    "Marriage",
    "Membership",
    "Phone",
    "ReviewPair",
    "Sharing",
    "StaffHousehold",
    "VisitNote",
]
