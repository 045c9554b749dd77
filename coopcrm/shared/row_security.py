"""Row-level security: which rows of which table a scope opens, from one list, put in force after every ``migrate``.

Every transaction announces its scope (``coopcrm.shared.acting``): ``all``, the branches as ``{3,7}``, or nothing. The
web role sees no row without a scope. A worker without one does the cooperative's own work (the closing, ledgers) and
sees everything; doing a person's order it sees what that person sees. Backups read everything. The owner of the
tables is not bound.

The registry card (person, household, membership, documents, phones) is outside, so that search keeps its indexes; it
is masked instead. Everything beneath it follows the branch that manages the person or household *now*; what a branch
booked or handed in stays visible to that branch as well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256

from coopcrm.shared.database import BACKUP, WORKER

POLICY = "rows_of_the_scope"
SHARED_POLICY = "reading_of_shared_rows"
"""PostgreSQL asks policies from the last name to the first: sharing is looked up when the scope opens nothing."""

# Settings are read once per statement: a policy asks through a scalar sub-select, never per row. They stand in the
# policies themselves, for a function in SQL would be read and planned anew for every statement. Braces are doubled,
# because a rule is filled in with the name of its table.
_SCOPE = "current_setting('coopcrm.scope', true)"
_WORKS_FOR_ALL = f"current_user IN ('{WORKER}', '{BACKUP}')"
SEES_ALL = f"(SELECT {_SCOPE} = 'all' OR (coalesce({_SCOPE}, '') = '' AND {_WORKS_FOR_ALL}))"
BRANCHES = f"ANY ((SELECT CASE WHEN {_SCOPE} LIKE '{{{{%' THEN {_SCOPE}::bigint[] END)::bigint[])"
ACTOR = "(SELECT nullif(current_setting('coopcrm.actor', true), '')::bigint)"
NAMED = re.compile(r"FROM (\w+)")


@dataclass(frozen=True)
class Rule:
    """How a row of a table finds out who may see it: ``ways``, of which one is enough.

    ``reading`` are further ways that open it for reading alone.
    """

    ways: tuple[str, ...]
    reading: tuple[str, ...] = ()

    def __or__(self, other: Rule) -> Rule:
        return Rule(self.ways + other.ways, self.reading + other.reading)

    def condition(self) -> str:
        return " OR ".join((SEES_ALL, *self.ways))


def branch(column: str = "branch_id") -> Rule:
    """The row names the branch it belongs to."""
    return Rule((f"{column} = {BRANCHES}",))


def household(column: str = "household_id") -> Rule:
    """The row follows the branch that manages its household."""
    return _managed("customers_household", column)


def shared(column: str = "household_id") -> Rule:
    """A branch with which the household is shared today reads the row and writes nothing."""
    today = "daterange(x.valid_from, x.valid_to) @> CURRENT_DATE"
    where = f"x.household_id = {{table}}.{column} AND x.branch_id = {BRANCHES} AND {today}"
    return Rule((), _one("true", "customers_sharing x", f"{where} LIMIT 1").ways)


def customer(column: str = "customer_id") -> Rule:
    """The row follows the branch that manages its customer."""
    return _managed("customers_customer", column)


def document(column: str = "document_id") -> Rule:
    """The row follows the branch that manages the holder of its identity document."""
    holder = "JOIN customers_customer c ON c.id = x.customer_id"
    return _one(
        "c.branch_id", f"customers_identitydocument x {holder}", f"x.id = {{table}}.{column}", BRANCHES
    )


def beneath(parent: str, column: str) -> Rule:
    """The row is seen with its parent, whose own rule answers."""
    return _one("true", f"{parent} x", f"x.id = {{table}}.{column}")


def above(child: str, column: str) -> Rule:
    """The row is seen by whoever sees one of the rows beneath it."""
    return _one("true", f"{child} x", f"x.{column} = {{table}}.id LIMIT 1")


def actor(column: str) -> Rule:
    """The row is seen by the person who made it."""
    return Rule((f"{column} = {ACTOR}",))


def _managed(table: str, column: str) -> Rule:
    return _one("x.branch_id", f"{table} x", f"x.id = {{table}}.{column}", BRANCHES)


def _one(what: str, tables: str, condition: str, equals: str = "") -> Rule:
    """A look at one other row, by its key. ``EXISTS`` would be planned twice, and cost reads by key a tenth more."""
    found = f"(SELECT {what} FROM {tables} WHERE {condition})"  # noqa: S608 - names of our own
    return Rule((f"{found} = {equals}" if equals else found,))


RULES: dict[str, Rule] = {
    # Lists taken out
    "branches_export": branch() | actor("ordered_by_id"),
    "customers_listview": branch() | actor("owner_id"),
    # The registry beneath the card
    "customers_counterdraft": branch(),
    "customers_sharing": branch() | household(),
    "customers_documentphoto": document(),
    "customers_staffhousehold": household(),
    **dict.fromkeys(
        (
            "customers_landparcel",
            "customers_cropseason",
            "customers_animalcount",
            "customers_machine",
            "customers_labour",
        ),
        household() | shared(),
    ),
    "customers_absence": household() | shared(),
    "customers_emptyregistration": household() | shared(),
    "customers_householdevent": household() | shared(),
    "customers_managerassignment": household() | shared(),
    "customers_handover": branch(),
    "customers_handoveritem": beneath("customers_handover", "handover_id"),
    "customers_factsheet": household() | shared(),
    "customers_visitnote": household() | shared(),
    "customers_feedback": branch() | customer(),
    "customers_invitation": branch() | customer(),
    "customers_segmentmember": customer(),
    "customers_campaignmember": customer(),
    "customers_ledgerfile": branch(),
    "customers_ledgerrow": branch() | customer(),
    "customers_ledgerupload": actor("uploaded_by_id") | above("customers_uploadfile", "upload_id"),
    "customers_uploadfile": branch() | actor("uploaded_by_id"),
    "customers_uploadpart": beneath("customers_ledgerupload", "upload_id"),
    "customers_stagedrow": branch(),
    "customers_headermemory": branch(),
    "customers_ledgerimport": actor("started_by_id") | above("customers_ledgerfile", "run_id"),
    "customers_rightsrequest": customer(),
    "customers_personlock": customer(),
    "customers_erasureproof": customer(),
    "customers_statement": customer(),
    "customers_task": branch() | customer() | household(),
    "customers_case": branch() | customer(),
    "customers_caseevent": beneath("customers_case", "case_id"),
    "customers_customertag": customer(),
    "customers_computedtag": customer(),
    "customers_personskill": customer(),
    "customers_organisation": customer(),
    "customers_representative": customer("organisation_id") | customer("person_id"),
    "customers_coopmember": customer("organisation_id") | customer("person_id") | household(),
    "customers_organisationmanager": customer("organisation_id"),
    "customers_merge": customer("survivor_id")
    | customer("other_id")
    | household("household_id")
    | household("other_household_id"),
    "customers_mergemove": beneath("customers_merge", "merge_id"),
    "customers_reviewpair": customer("first_id") | customer("second_id"),
    "customers_reviewdecision": beneath("customers_reviewpair", "pair_id"),
    "customers_householdquestion": customer("first_id") | customer("second_id"),
    # The banking book
    "loans_account": branch() | customer(),
    "loans_accountday": beneath("loans_account", "account_id"),
    "loans_accountmonth": beneath("loans_account", "account_id"),
    "loans_creditline": household(),
    "loans_loan": branch() | household(),
    "loans_instalment": beneath("loans_loan", "loan_id"),
    "loans_loanapplication": branch() | household(),
    "loans_loanclassification": beneath("loans_loan", "loan_id"),
    # Ratings and results
    "ratings_panel": household(),
    "ratings_panelvote": beneath("ratings_panel", "panel_id"),
    "ratings_creditrating": household(),
    "ratings_contribution": customer(),
    "ratings_customertier": customer(),
    # Figures of units
    "kpi_ledgerfigure": branch(),
    "kpi_branchday": branch(),
    "kpi_kpisnapshot": branch("unit_id"),
    "kpi_scorecard": branch("unit_id"),
}
"""Tables under row-level security and how their rows find their branch."""

OUTSIDE: dict[str, str] = {
    "branches_": "units, areas, staff and posts are known to everybody",
    "customers_slip": "what a paper says, masked; its code must be found in any branch",
    "customers_slipprint": "who printed a slip, and when",
    "customers_customer": "the registry card, masked outside the managing branch",
    "customers_household": "the registry card",
    "customers_membership": "the registry card",
    "customers_identitydocument": "numbers are sealed; a holder must be found in any branch",
    "customers_phone": "numbers are sealed",
    "customers_othername": "another name of the registry card; a person must be found in any branch",
    "customers_marriage": "the registry card",
    "customers_consent": "every branch must know what a person forbids",
    "customers_consenttext": "the wording shown to everybody",
    "customers_privacyrule": "the figures in force",
    "customers_segment": "a name; who belongs to it is protected",
    "customers_segmentversion": "filters of a segment, codes alone",
    "customers_segmentday": "sizes alone",
    "customers_campaign": "goal and words of an offer; who is on the list is protected",
    "customers_reminderrule": "the figures in force",
    "customers_sourcerule": "the rules in force",
    "customers_matchingrule": "the rules in force",
    "customers_matchingrun": "counts and levels alone",
    "customers_matchingscan": "counts alone",
    "customers_matchingcandidate": "ids alone, gone within the night",
    "customers_namecount": "how many people bear a name; whom it counts is not said",
    "customers_tag": "words and whose they are, without persons",
    "customers_tagrule": "the rules in force",
    "loans_product": "what can be sold, the same for all",
    "ratings_ruleset": "the rules in force",
    "ratings_countyreference": "published reference values",
    "kpi_indicatorset": "the targets in force",
    "kpi_marketdeposits": "published sums of all institutions",
}
"""Business tables without row-level security, and why; a name with ``_`` at its end stands for all of an app that the
list above does not name."""


def statement(table: str, rule: Rule) -> str:
    """What brings ``rule`` into force on ``table``: for reading and writing alike, and what opens reading alone."""
    condition = rule.condition().format(table=table)
    text = f"""
        DROP POLICY IF EXISTS {POLICY} ON {table};
        CREATE POLICY {POLICY} ON {table} FOR ALL TO PUBLIC USING ({condition}) WITH CHECK ({condition});
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
    """
    if rule.reading:
        condition = " OR ".join(rule.reading).format(table=table)
        text += f"""
        DROP POLICY IF EXISTS {SHARED_POLICY} ON {table};
        CREATE POLICY {SHARED_POLICY} ON {table} FOR SELECT TO PUBLIC USING ({condition});
        """
    return text


def apply_policies(cursor) -> list[str]:
    """Put the list in force; run by the owner after every ``migrate``. Returns the tables whose policy changed.

    A policy that stands as the list says is left alone, so that a migration without news takes no lock on the tables.
    """
    in_force = _in_force(cursor)
    cursor.execute(
        "SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = 'public' AND relkind IN ('r', 'p') AND pg_get_userbyid(relowner) = current_user"
    )
    present = {name for (name,) in cursor.fetchall()}
    changed = _drop_unknown(cursor)
    for table, rule in RULES.items():
        text = statement(table, rule)
        digest = sha256(text.encode()).hexdigest()[:16]
        if {table, *NAMED.findall(text)} <= present and in_force.get(table) != digest:
            cursor.execute(f"{text}; COMMENT ON POLICY {POLICY} ON {table} IS '{digest}'")
            changed.append(table)
    for table in sorted(set(in_force) - set(RULES)):
        cursor.execute(f"DROP POLICY IF EXISTS {SHARED_POLICY} ON {table}")
        cursor.execute(f"DROP POLICY {POLICY} ON {table}; ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
        changed.append(table)
    return changed


def _drop_unknown(cursor) -> list[str]:
    """Take policies off our tables that the list does not know: any of them could open rows."""
    cursor.execute(
        "SELECT tablename, policyname FROM pg_policies WHERE schemaname = 'public' AND policyname <> ALL (%s)"
        " AND tablename = ANY (%s)",
        [[POLICY, SHARED_POLICY], list(RULES)],
    )
    unknown = cursor.fetchall()
    for table, name in unknown:
        cursor.execute(f'DROP POLICY "{name}" ON {table}')
    return [table for table, _name in unknown]


def _in_force(cursor) -> dict[str, str]:
    """Digest of the policy of every table that has one and is protected."""
    cursor.execute(
        "SELECT c.relname, CASE WHEN c.relrowsecurity THEN obj_description(p.oid, 'pg_policy') END"
        " FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid WHERE p.polname = %s",
        [POLICY],
    )
    return dict(cursor.fetchall())
