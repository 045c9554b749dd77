"""What each desk does on its first day: a few steps, each a page to open and a thing to try."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from branches.choices import Desk, PostCode

DESKS = {
    PostCode.CASHIER: Desk.COUNTER,
    PostCode.ACCOUNTANT: Desk.COUNTER,
    PostCode.LOAN_OFFICER: Desk.FIELD,
    PostCode.CUSTOMER_MANAGER: Desk.FIELD,
    PostCode.LOAN_GROUP: Desk.FIELD,
    PostCode.DEPUTY_DIRECTOR: Desk.DIRECTION,
    PostCode.DIRECTOR: Desk.DIRECTION,
    PostCode.UNION_CREDIT: Desk.UNION,
    PostCode.UNION_RISK: Desk.UNION,
    PostCode.UNION_COMMITTEE: Desk.UNION,
    PostCode.HEAD_OFFICE: Desk.UNION,
    PostCode.AUDITOR: Desk.AUDIT,
    PostCode.ADMINISTRATOR: Desk.SITE,
}


@dataclass(frozen=True)
class Step:
    """One step: what to try, where, and the rule that stands behind it."""

    code: str
    title: Any
    text: Any
    path: str
    topic: str = ""
    not_for: frozenset[str] = frozenset()


MY_DAY = Step(
    "my-day",
    _("See what waits for you"),
    _(
        "My day shows what is late, what is due today and what waits for you; g and d bring you back from anywhere."
    ),
    "/",
    "task",
)
FIND = Step(
    "find",
    _("Find somebody"),
    _(
        "Press / and type a part of a name, pinyin like zhangguilan or zgl, the end of a number, or a village."
    ),
    "/customers/",
    "known-elsewhere",
)
OPEN_PAGE = Step(
    "customer-page",
    _("Read a customer's page"),
    _("Open somebody of your branch: the dot beside a value says where it comes from."),
    "/customers/",
    "source",
)
REGISTER = Step(
    "register",
    _("Register at the counter"),
    _(
        "Type the number first: birth date, sex and region fill in. F4 adds a spouse, F5 the household, "
        "Ctrl Enter registers."
    ),
    "/customers/new/",
    "likely-known",
)
SHOW_NUMBER = Step(
    "show-number",
    _("Show a full number"),
    _("Press Show beside a masked phone and choose the purpose; it stays for a minute and is on record."),
    "/customers/",
    "reveal",
)
VISIT = Step(
    "visit",
    _("Note a visit"),
    _("Choose a household and write what you saw; what you type is kept while you type."),
    "/visits/",
    "valid-visit",
)
PORTFOLIO = Step(
    "portfolio",
    _("Look at the portfolio"),
    _("See the households you are responsible for, and since when."),
    "/portfolios/",
    "manager",
    frozenset({PostCode.LOAN_GROUP}),
)
RATING = Step(
    "rating",
    _("Read a rating sheet"),
    _("Every point has its fact; the sheet says which cap holds and what would raise the grade."),
    "/ratings/",
    "unknown",
)
SIGN = Step(
    "second-signature",
    _("Sign as the second person"),
    _("The queue shows what others have proposed and you may confirm; your own is never among it."),
    "/proposals/",
    "second-signature",
)
FIGURES = Step(
    "figures",
    _("Open a figure"),
    _("Click a number of the branch: formula, version and rows stand behind it."),
    "/figures/",
    "number-opens",
)
DUPLICATES = Step(
    "duplicates",
    _("Look at possible doubles"),
    _("Two records side by side, with the reasons for and against."),
    "/review/",
    "name-alone",
)
LEDGERS = Step(
    "ledgers",
    _("See what came in from the ledgers"),
    _("Each file says what became of every row, and why."),
    "/ledgers/",
    "number-as-typed",
)
RULES = Step(
    "rules",
    _("Read the rules in force"),
    _("Cards, targets and limits are versions with a difference and two signatures."),
    "/rules/",
    "second-signature",
)
AUDIT = Step(
    "audit",
    _("Follow one customer through the ledger"),
    _("Search an entry, open it, and see the customer as of a day."),
    "/audit/",
    "ledger-of-deeds",
)
READINGS = Step(
    "readings",
    _("See who read numbers"),
    _("The unusual stand first: many in a day, other branches, relatives."),
    "/audit/readings/",
    "reveal",
)
STAFF = Step(
    "staff",
    _("See staff and posts"),
    _("A post has a first day and may have a last one; a second person confirms it."),
    "/organisation/staff/",
    "second-signature",
)
CALENDAR = Step(
    "calendar",
    _("Check the calendar"),
    _("Holidays and make-up working days decide deadlines and the same-day clock."),
    "/organisation/calendar/",
    "same-day",
)
SIGN_IN = Step(
    "sign-in",
    _("Look at your own sign-in"),
    _("See where you are signed in and end what is not you; keep the recovery codes."),
    "/sign-in/mine/",
)

STEPS: dict[str, tuple[Step, ...]] = {
    Desk.COUNTER: (SIGN_IN, MY_DAY, FIND, REGISTER, OPEN_PAGE, SHOW_NUMBER, LEDGERS),
    Desk.FIELD: (SIGN_IN, MY_DAY, PORTFOLIO, FIND, OPEN_PAGE, VISIT, RATING),
    Desk.DIRECTION: (SIGN_IN, MY_DAY, SIGN, FIND, DUPLICATES, RATING, FIGURES),
    Desk.UNION: (SIGN_IN, MY_DAY, FIGURES, RULES, SIGN, RATING),
    Desk.AUDIT: (SIGN_IN, AUDIT, READINGS, RATING, FIGURES),
    Desk.SITE: (SIGN_IN, STAFF, CALENDAR, SIGN),
}


def desk_of(post: str) -> str:
    """The desk a post belongs to; empty without a post."""
    return DESKS.get(post, "")
