"""Stored codes of the registry and the labels people see."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class CustomerKind(models.TextChoices):
    PERSON = "person", _("Person")
    ORGANISATION = "organisation", _("Organisation")


class ListOrder(models.TextChoices):
    """Orders of the list of customers, each with an index."""

    NAME = "name", _("by name")
    NEWEST = "newest", _("registered last")


class Sex(models.TextChoices):
    FEMALE = "F", _("female")
    MALE = "M", _("male")


class CustomerState(models.TextChoices):
    ACTIVE = "active", _("Active")
    DECEASED = "deceased", _("Deceased")
    MERGED = "merged", _("Merged into another record")
    CLOSED = "closed", _("Closed")
    ERASED = "erased", _("Erased")


class DocumentKind(models.TextChoices):
    ID18 = "ID18", _("Resident identity card")
    HMT18 = "HMT18", _("Residence permit for Hong Kong, Macao and Taiwan residents")
    FPR18 = "FPR18", _("Foreign permanent resident card")
    HOUSEHOLD_REGISTER = "household_register", _("Household register")
    PASSPORT = "passport", _("Passport")
    MARRIAGE = "marriage", _("Marriage certificate")
    USCC = "uscc", _("Unified social credit code")


class DocumentState(models.TextChoices):
    HELD = "HELD", _("Held")
    DISPUTED = "DISPUTED", _("Claimed by two persons")
    UNVERIFIED = "UNVERIFIED", _("Kept as typed, not valid")
    RETIRED = "RETIRED", _("No longer in use")


class DocumentWarning(models.TextChoices):
    """What a valid number still has to say (handbook §6.1, §6.2)."""

    LEGACY15 = "LEGACY15", _("The card shows the old form of 15 digits; ask for the new card")
    ORG_CHECK = (
        "ORG_CHECK",
        _("The organisation code inside does not pass its own check; look at the licence"),
    )


class RetiredBecause(models.TextChoices):
    """Why a document is no longer in use; the row stays."""

    RENEWED = "renewed", _("A new one was issued")
    LOST = "lost", _("Lost or stolen")
    RETURNED = "returned", _("Given back or cancelled by the authority")
    WRONG = "wrong", _("Recorded by mistake")
    SETTLED = "settled", _("Belongs to another person, as the paper showed")
    SAME = "same", _("The same number of the same person, on a joined record")


class PhotoSide(models.TextChoices):
    FRONT = "front", pgettext_lazy("side of a document", "Front")
    BACK = "back", pgettext_lazy("side of a document", "Back")


class NameKind(models.TextChoices):
    """Another name under which somebody is known."""

    FORMER = "former", _("Former name")
    ALIAS = "alias", _("Also called")
    TRADITIONAL = "traditional", _("Traditional spelling")
    SPELLING = "spelling", _("As spelt in a ledger")


class PhoneKind(models.TextChoices):
    MOBILE = "mobile", _("Mobile")
    LANDLINE = "landline", _("Landline")
    UNKNOWN = "unknown", _("Kept as typed")


class PhoneEnded(models.TextChoices):
    """Why a phone is no longer used."""

    CHANGED = "changed", _("Has a new number")
    UNREACHABLE = "unreachable", _("Out of service")
    OTHERS = "others", _("Belongs to somebody else now")
    UNWANTED = "unwanted", _("Does not want calls here")
    WRONG = "wrong", _("Recorded by mistake")


class Relation(models.TextChoices):
    """Relation to the head of the household (groups of GB/T 4761)."""

    HEAD = "head", _("Head")
    SPOUSE = "spouse", _("Spouse")
    SON = "son", _("Son")
    DAUGHTER = "daughter", _("Daughter")
    GRANDCHILD = "grandchild", _("Grandchild")
    PARENT = "parent", _("Parent")
    GRANDPARENT = "grandparent", _("Grandparent")
    SIBLING = "sibling", _("Sibling")
    OTHER = "other", _("Other relative")


class FactSource(models.TextChoices):
    SAID = "said", _("said")
    DOCUMENT = "document", _("document")
    SEEN = "seen", _("seen")
    LEDGER = "ledger", _("ledger")
    CORE = "core", _("core system")


class CreditReport(models.TextChoices):
    CLEAN = "clean", _("Clean")
    THIN = "thin", _("No record")
    MINOR = "minor", _("Minor delays")
    NOT_QUERIED = "not_queried", _("Not queried")
    ADVERSE = "adverse", _("Adverse")


class LedgerKind(models.TextChoices):
    COUNTER_REGISTER = "counter_register", _("Counter register")
    OFFICER_NOTEBOOK = "officer_notebook", _("Loan officer's notebook")
    ACCOUNT_LIST = "account_list", _("Account list")


class UploadState(models.TextChoices):
    """How far ledgers that somebody brought in have come."""

    READING = "reading", _("Being read")
    MAPPING = "mapping", _("Columns to look at")
    CHECKING = "checking", _("Being checked")
    READY = "ready", _("Preview")
    WRITING = "writing", _("Being written")
    DONE = "done", pgettext_lazy("files", "Taken in")
    FAILED = "failed", _("Stopped")
    DISCARDED = "discarded", _("Discarded")


class PartKind(models.TextChoices):
    """What a sealed piece of an upload belongs to."""

    ORIGINAL = "original", _("The file as it came")
    ROWS = "rows", _("Its rows as read")
    PLAN = "plan", _("What it would write")
    AREAS = "areas", _("The list of villages beside it")
    OTHERS = "others", _("Its lines that are no rows")


class RowOutcome(models.TextChoices):
    CREATED = "created", _("New customer")
    MATCHED = "matched", _("Known customer")
    REVIEW = "review", _("To be reviewed")
    REJECTED = "rejected", _("Refused")


SETTLED = "settled"
ROW_STANDINGS = (*RowOutcome.choices, (SETTLED, _("Corrected since")))
"""Outcomes as lists count them: a row that came back corrected is no longer open."""


class ReviewState(models.TextChoices):
    OPEN = "open", pgettext_lazy("state of a pair", "Open")
    SAME = "same", _("Same person")
    DIFFERENT = "different", _("Different persons")
    LATER = "later", _("Later")


UNDECIDED = (ReviewState.OPEN, ReviewState.LATER)
"""States of a pair about which people have not decided; a decision that waits for a second person is one of them."""


class PairDecision(models.TextChoices):
    SAME = "same", _("Same person")
    DIFFERENT = "different", _("Different persons")
    LATER = "later", _("Ask at the next contact")
    UNDONE = "undone", _("Taken back")
    AGAIN = "again", _("New evidence: asked again")


class DecisionGround(models.TextChoices):
    """What somebody went by who decided about a pair."""

    RECORDS = "records", _("What the two records say")
    PAPER = "paper", _("The papers were seen")
    ASKED = "asked", _("The person was asked")
    KNOWN = "known", _("I know the family")


class DecisionStep(models.TextChoices):
    PROPOSED = "proposed", _("Proposed, waits for a second person")
    DONE = "done", _("Done")


class HouseholdAnswer(models.TextChoices):
    """Whether two people live in one household."""

    OPEN = "open", pgettext_lazy("state of a pair", "Open")
    TOGETHER = "together", _("One household")
    APART = "apart", _("Two households")
    LATER = "later", _("Later")


class NameCountKind(models.TextChoices):
    """What is counted of names; everybody together stands under an empty word."""

    PEOPLE = "people", _("People")
    NAME = "name", _("Name")
    SURNAME = "surname", _("Surname")
    GIVEN = "given", _("Given name")
    HOME = "home", _("Surname in a village")
    VILLAGE = "village", _("People of a village")
    LETTER = "letter", _("Character of given names")


# What a fact sheet may hold under ``bonus``, ``malus`` and ``flags`` (handbook §1.4, §1.5).
BONUS = {
    "HONOUR": _("Honoured household or person"),
    "AGRI_INSURED": _("Crops or livestock insured"),
    "LAND_CERT": _("Land certificate shown"),
    "CREDIT_VILLAGE": _("Lives in a credit village"),
    "COOP_MEMBER": _("Member of a farmers' cooperative"),
}

MALUS = {
    "DISPUTE": _("Open dispute"),
    "LEVY_ARREARS": _("Levies unpaid"),
    "INFO_CONFLICT": _("Two investigations contradict each other"),
    "PURPOSE_DRIFT": _("A loan was not used as agreed"),
}

FLAGS = {
    "npl_or_written_off": _("Bad or written-off loan not repaid"),
    "dishonest_debtor": _("Judgment debtor on the dishonest list"),
    "illegal_activity": _("Illegal activity"),
    "fraud": _("False identity or documents"),
    "no_civil_capacity": _("Cannot sign contracts"),
    "outside_service_area": _("Lives outside the service area"),
}

FACT_CODES = {**BONUS, **MALUS, **FLAGS}


class LegalBase(models.TextChoices):
    """Why the cooperative may use what it knows of a person (handbook §6.6)."""

    CONTRACT = "contract", _("Contract")
    LEGAL_DUTY = "legal_duty", _("Legal duty")
    CONSENT = "consent", _("Consent")
    SEPARATE = "separate", _("Separate consent")


class Purpose(models.TextChoices):
    """What a person's data are used for; ``customers.purposes`` says on which base."""

    ACCOUNTS = "accounts", _("Accounts and payments")
    CREDIT = "credit", _("Rating and credit")
    IDENTITY_CHECK = "identity_check", _("Checking identity and keeping records")
    MARKETING = "marketing", _("Offers and messages")
    NOTICE_BOARD = "notice_board", _("Amounts on the village notice board")
    SHARE_BRANCHES = "share_branches", _("Sharing with other branches")
    SHARE_OTHERS = "share_others", _("Sharing with partners outside the union")
    FINANCIAL_ACCOUNTS = "financial_accounts", _("Accounts at other institutions")
    BIOMETRICS = "biometrics", _("Face or fingerprint")
    LOCATION = "location", _("Place of house and fields")
    CHILDREN = "children", _("Data of a child under 14")


class Decision(models.TextChoices):
    GIVEN = "given", pgettext_lazy("state of a consent", "Given")
    REFUSED = "refused", pgettext_lazy("state of a consent", "Refused")
    WITHDRAWN = "withdrawn", pgettext_lazy("state of a consent", "Withdrawn")


class Channel(models.TextChoices):
    """The way in which a person told the cooperative something."""

    COUNTER = "counter", _("At the counter")
    VISIT = "visit", _("On a visit")
    PHONE = "phone", _("By phone")
    LINK = "link", _("By a link")
    LETTER = "letter", _("By letter")


class HandoverReason(models.TextChoices):
    TRANSFER = "transfer", _("Transfer to another post")
    ROTATION = "rotation", _("Rotation")
    LEAVE = "leave", _("Leave of more than a month")
    RESIGNATION = "resignation", _("Resignation")
    AUDIT = "audit", _("Audit")


class HandoverState(models.TextChoices):
    OPEN = "open", _("Being prepared")
    CLOSED = "closed", _("Closed")
    CANCELLED = "cancelled", _("Cancelled")


class SharingPurpose(models.TextChoices):
    """What a branch wants to read another branch's household for."""

    SERVICE = "service", _("The customer asks for service here")
    MOVING = "moving", _("The household lives or farms here now")
    CREDIT_CHECK = "credit_check", _("Check before a guarantee or a group loan")
    DUPLICATE = "duplicate", _("Settle whether two records are one person")


class RevealPurpose(models.TextChoices):
    """What a full number is read for."""

    IDENTIFY = "identify", _("Identify the person at the counter")
    CONTACT = "contact", _("Call or write to the person")
    PAPER = "paper", _("Fill in a contract or a paper")
    CORE = "core", _("Compare with the core banking system")
    CORRECT = "correct", _("Correct a wrong number")
    AUTHORITY = "authority", _("Answer an authority")
    AUDIT = "audit", _("Audit")


class ReadingPurpose(models.TextChoices):
    """What a photo of a document is looked at for."""

    IDENTITY = "identity", _("Compare with the person at the counter")
    CREDIT = "credit", _("Credit application")
    CORRECTION = "correction", _("Correct the record")
    AUTHORITY = "authority", _("Request of an authority")
    AUDIT = "audit", _("Audit")


class RequestKind(models.TextChoices):
    """What a person may ask of the cooperative about the data it keeps (handbook §6.6)."""

    COPY = "copy", _("Copy of all data")
    TRANSFER = "transfer", _("Transfer to another institution")
    CORRECTION = "correction", _("Correction")
    DELETION = "deletion", _("Deletion")
    EXPLANATION = "explanation", _("Explanation of a rating")
    OBJECTION = "objection", _("Objection to a decision made by machine")


class RequestState(models.TextChoices):
    OPEN = "open", pgettext_lazy("state of a request", "Open")
    GRANTED = "granted", pgettext_lazy("state of a request", "Granted")
    REFUSED = "refused", pgettext_lazy("state of a request", "Refused")
    DROPPED = "dropped", _("Taken back")


class RuleKey(models.TextChoices):
    """Figures of privacy that the law or the union sets; rows in force from a day."""

    ANSWER_DAYS = "answer_working_days", _("Working days to answer a request")
    IDENTITY_YEARS = "identity_years", _("Years that identity records are kept after the relation ends")
    TRANSACTION_YEARS = "transaction_years", _("Years that records of transactions are kept")
    COPY_DAYS = "copy_days", _("Days that a copy of all data can be fetched")


class TaskState(models.TextChoices):
    OPEN = "open", pgettext_lazy("state of a task", "Open")
    DONE = "done", pgettext_lazy("state of a task", "Done")
    DROPPED = "dropped", pgettext_lazy("state of a task", "Dropped")


class CampaignChannel(models.TextChoices):
    """How the people on a list are contacted."""

    CALL = "call", _("Call")
    VISIT = "visit", _("Visit")
    COUNTER = "counter", _("At the counter")
    MESSAGE = "message", _("List for messages")


class CampaignState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    RUNNING = "running", pgettext_lazy("a campaign", "Running")
    STOPPED = "stopped", pgettext_lazy("a campaign", "Stopped")
    FINISHED = "finished", pgettext_lazy("a campaign", "Finished")


class CampaignOutcome(models.TextChoices):
    """What came of contacting somebody."""

    NOT_REACHED = "not_reached", _("not reached")
    REACHED = "reached", _("reached")
    INTERESTED = "interested", _("interested")
    BOUGHT = "bought", _("bought")
    REFUSED = "refused", _("refused the offer")
    WRONG_NUMBER = "wrong_number", _("wrong number")
    NEVER = "never", _("do not contact again")


class CaseKind(models.TextChoices):
    COMPLAINT = "complaint", _("Complaint")
    REQUEST = "request", pgettext_lazy("of a customer", "Request")
    PRAISE = "praise", _("Praise")


class CaseCategory(models.TextChoices):
    """What a case is about; ``customers.cases.rules`` says how many working days an answer may take."""

    MACHINE = "machine", _("Machine or mobile banking")
    WAITING = "waiting", _("Waiting and opening hours")
    MANNERS = "manners", _("Manners and advice")
    ACCOUNT = "account", _("Account or payment")
    FEES = "fees", _("Fees and interest")
    CREDIT = "credit", _("Loan, rating or limit")
    PRIVACY = "privacy", _("Handling of data")
    CONDUCT = "conduct", _("Conduct of staff")
    OTHER = "other", _("Something else")


class CaseState(models.TextChoices):
    OPEN = "open", pgettext_lazy("state of a case", "Open")
    ANSWERED = "answered", pgettext_lazy("state of a case", "Answered, customer to be told")
    CLOSED = "closed", pgettext_lazy("state of a case", "Closed")


class CaseOutcome(models.TextChoices):
    JUSTIFIED = "justified", _("Justified, put right")
    PARTLY = "partly", _("Partly justified")
    UNFOUNDED = "unfounded", _("Not justified")
    FULFILLED = "fulfilled", _("Request fulfilled")
    DECLINED = "declined", _("Request declined")
    THANKED = "thanked", _("Thanked")


class CaseEventKind(models.TextChoices):
    TAKEN = "taken", _("Taken in")
    GIVEN = "given", _("Given to somebody")
    ESCALATED = "escalated", _("Escalated")
    ANSWERED = "answered", _("Answered")
    TOLD = "told", _("Customer told")
    REOPENED = "reopened", _("Opened again")
    NOTE = "note", _("Note")


class TagColour(models.TextChoices):
    """Colours of tags: tones of the look that keep their contrast in light and dark."""

    NEUTRAL = "neutral", pgettext_lazy("colour", "Grey")
    OK = "ok", pgettext_lazy("colour", "Green")
    INFO = "info", pgettext_lazy("colour", "Blue")
    WARN = "warn", pgettext_lazy("colour", "Amber")
    DANGER = "danger", pgettext_lazy("colour", "Red")
