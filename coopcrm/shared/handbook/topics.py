"""The rules that people meet at their desks: a title, one sentence, an example, and their place in the handbook."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from coopcrm.shared.errors import DomainError


@dataclass(frozen=True)
class Topic:
    """One rule; ``section`` is its place in docs/handbook.md."""

    code: str
    chapter: str
    section: str
    title: Any
    sentence: Any
    example: Any = ""

    @property
    def url(self) -> str:
        return f"{reverse('help:rules')}#{self.code}"


CHAPTERS = {
    "numbers": _("Numbers and names"),
    "households": _("Households"),
    "privacy": _("Who may see and use what"),
    "facts": _("Facts and visits"),
    "credit": _("Rating and credit"),
    "signatures": _("Two people"),
    "service": _("Service"),
    "figures": _("Figures"),
}

_LIST = (
    # Numbers and names
    Topic(
        "identity-number",
        "numbers",
        "6.1",
        _("Identity number"),
        _(
            "Eighteen characters; the last one is computed from the others, so that no single wrong character and "
            "hardly any swap passes."
        ),
        _(
            "629901198005120032 stands. With 21 in place of 12 the last character would have to be another one."
        ),
    ),
    Topic(
        "number-as-typed",
        "numbers",
        "6.1",
        _("A number that fails its check"),
        _(
            "It is kept as it was typed and marked; neither a person nor a program corrects it without having seen "
            "the card."
        ),
    ),
    Topic(
        "old-number",
        "numbers",
        "6.1",
        _("Old number of fifteen digits"),
        _(
            "19 goes in after the sixth digit and the check character to the end: old and new form find the same "
            "person. As a document the old one has been void since 2013."
        ),
    ),
    Topic(
        "name-alone",
        "numbers",
        "6.2",
        _("A name never identifies"),
        _(
            "In one village half of the people may share a surname: a name helps only together with a number, a "
            "birth date, a phone or a village."
        ),
    ),
    Topic(
        "one-number",
        "numbers",
        "6.3",
        _("One number, one person"),
        _(
            "A valid number is held by one person. A second claim is kept as disputed, and both get no new credit "
            "until the paper has been seen."
        ),
    ),
    Topic(
        "likely-known",
        "numbers",
        "6.3",
        _("Perhaps known already"),
        _(
            "The same name and birth date with the same phone or village is probably the same person: open that "
            "record, or say why it is another."
        ),
    ),
    Topic(
        "phone",
        "numbers",
        "6.2",
        _("A phone is a hint"),
        _("One phone may serve a whole family: it finds people, it never decides who somebody is."),
    ),
    Topic(
        "marriage-certificate",
        "numbers",
        "6.2",
        _("Marriage certificate"),
        _(
            "It links two persons and opens their household; it identifies nobody alone, and a person has one "
            "marriage at a time."
        ),
    ),
    Topic(
        "village",
        "numbers",
        "6.2",
        _("Village"),
        _(
            "A village is chosen by its code, for names repeat and change; name, pinyin or initials find it, former "
            "names too."
        ),
    ),
    # Households
    Topic(
        "one-household",
        "households",
        "6.4",
        _("One household at a time"),
        _(
            "A person belongs to one household; whoever moves leaves the one and joins the other on the same day, "
            "and the history stays."
        ),
    ),
    Topic(
        "split",
        "households",
        "6.4",
        _("Splitting a household"),
        _(
            "The new household starts without a rating, the old line is frozen until it is reviewed, and debts stay "
            "with those who signed."
        ),
    ),
    Topic(
        "head",
        "households",
        "6.4",
        _("Head of the household"),
        _(
            "There is one head at a time. When the head dies the line is frozen, the family names the successor, "
            "and the household is reviewed."
        ),
    ),
    Topic(
        "migrant",
        "households",
        "6.4",
        _("Away for work"),
        _(
            "Who works elsewhere stays a member. A household that only exists on paper is marked, and leaves the "
            "coverage figures by a decision, never by itself."
        ),
    ),
    Topic(
        "manager",
        "households",
        "7",
        _("One responsible manager"),
        _(
            "Exactly one person is responsible for a household on every day; until somebody is named it is the "
            "director's post."
        ),
    ),
    # Who may see and use what
    Topic(
        "known-elsewhere",
        "privacy",
        "7",
        _("Known elsewhere"),
        _(
            "Everybody is found from every branch, but another branch sees no more than a masked name, village, "
            "branch and month of the last contact."
        ),
    ),
    Topic(
        "mask",
        "privacy",
        "6.5",
        _("Masked numbers"),
        _("Pages show numbers with stars; the server masks them, so that nothing more reaches the screen."),
        _("Phone 139****5678, identity number 411522********1235."),
    ),
    Topic(
        "reveal",
        "privacy",
        "6.5",
        _("Showing a full number"),
        _(
            "A full number is shown for a purpose and for a minute; who looked, at whom and what for is on record, "
            "and many in a short time are refused."
        ),
    ),
    Topic(
        "consent",
        "privacy",
        "6.6",
        _("Consent"),
        _(
            "Accounts and loans rest on the contract. Offers, the notice board and sharing need a yes of their own, "
            "which can be taken back at any time."
        ),
    ),
    Topic(
        "deletion",
        "privacy",
        "6.6",
        _("Asked to be deleted"),
        _(
            "Identity records are kept ten years after the relation ends; until then a request to delete locks the "
            "record, afterwards it is erased."
        ),
    ),
    Topic(
        "minimum",
        "privacy",
        "6.6",
        _("What is not written down"),
        _("Religion, illness and politics stand nowhere, neither in a field nor in a note or a tag."),
    ),
    Topic(
        "ledger-of-deeds",
        "privacy",
        "7",
        _("Everything is on record"),
        _(
            "Every change, every reading of a full record and every list taken out is an entry in a sealed ledger "
            "that nobody can rewrite."
        ),
    ),
    # Facts and visits
    Topic(
        "source",
        "facts",
        "1.3",
        _("Where a value comes from"),
        _(
            "Every value says whether it was said, read in a document, seen, taken from a ledger or sent by the core "
            "system, by whom and when."
        ),
    ),
    Topic(
        "shown-value",
        "facts",
        "1.3",
        _("Which value is shown"),
        _(
            "When two sources differ, the order that head office has set decides which one is shown; the other "
            "stays, and a real contradiction is marked."
        ),
    ),
    Topic(
        "valid-visit",
        "facts",
        "4.2",
        _("A visit that counts"),
        _(
            "Ten minutes or more, within a kilometre of the household, a note of thirty characters, and not the "
            "words of another household's note."
        ),
    ),
    Topic(
        "quality",
        "facts",
        "4.2",
        _("Data quality"),
        _(
            "Four parts complete, three valid, two fresh, one free of doubles: 100 means that everything needed is "
            "there, passes its check and was confirmed within a year."
        ),
    ),
    # Rating and credit
    Topic(
        "unknown",
        "credit",
        "1.4",
        _("Unknown is not none"),
        _(
            "While a fact is unknown there is no grade; the list says what to ask. Never having borrowed is a known "
            "fact, not a missing one."
        ),
    ),
    Topic(
        "knock-out",
        "credit",
        "1.5",
        _("Knock-outs and caps"),
        _(
            "A knock-out refuses whatever the points are; a cap holds the grade down, and the sheet names each one "
            "that applies."
        ),
    ),
    Topic(
        "limit",
        "credit",
        "1.6",
        _("Limit"),
        _(
            "The smallest of three caps by grade, income and assets, less unsecured debt elsewhere, rounded down to "
            "whole thousands."
        ),
        _("60,000, 115,200 and 110,000 less 12,500 elsewhere: 47,500, so the limit is 47,000."),
    ),
    Topic(
        "draw",
        "credit",
        "1.7",
        _("Drawing on the line"),
        _(
            "The head brings a valid identity card; the spouse brings the own card and the marriage certificate or "
            "the household register."
        ),
    ),
    Topic(
        "same-day",
        "credit",
        "1.7",
        _("The same day"),
        _(
            "What is asked for before 16:30 on a working day is paid out that day; later the clock starts on the "
            "next working day."
        ),
    ),
    Topic(
        "classes",
        "credit",
        "2",
        _("Five classes of loans"),
        _(
            "Normal, special mention, substandard, doubtful, loss: days overdue, grade and kind of guarantee decide, "
            "and people may only be stricter."
        ),
    ),
    # Two people
    Topic(
        "second-signature",
        "signatures",
        "7",
        _("Second signature"),
        _(
            "Posts, rules, sharing, lists and whatever raises a limit wait for another person; nobody confirms what "
            "the same person proposed."
        ),
    ),
    Topic(
        "three-people",
        "signatures",
        "7",
        _("Investigate, review, approve"),
        _("Three different people, except for a draw inside a line; nobody approves a case of one's own."),
    ),
    Topic(
        "handover",
        "signatures",
        "7",
        _("Handing over a portfolio"),
        _(
            "Both officers visit every problem loan and a tenth of the others, both sign, and a third person closes; "
            "who was first responsible for a loan stays so."
        ),
    ),
    # Service
    Topic(
        "task",
        "service",
        "",
        _("Tasks"),
        _(
            "A task says who, until when, about whom and why; one that the machine opened closes itself when its "
            "reason is gone."
        ),
    ),
    Topic(
        "complaint",
        "service",
        "",
        _("Complaints"),
        _(
            "A complaint has an owner and a deadline in working days, is never handled by whom it is about, and "
            "moves up when it is late."
        ),
    ),
    Topic(
        "rating-the-service",
        "service",
        "4.2",
        _("What customers say"),
        _(
            "A link that opens once asks for 1 to 5 and 0 to 10; the person served sees sums alone, never who said "
            "what."
        ),
    ),
    # Figures
    Topic(
        "small-sample",
        "figures",
        "4.1",
        _("Too few to say"),
        _(
            "A share of fewer than thirty answers is shown in grey with its number and is never ranked; a dash means "
            "that nothing can be said, not zero."
        ),
    ),
    Topic(
        "tiers",
        "figures",
        "3.2",
        _("Tiers"),
        _(
            "A customer's tier follows from what the relation earned in a year; it rises at once and falls only after "
            "two periods in a row."
        ),
    ),
    Topic(
        "number-opens",
        "figures",
        "4.1",
        _("Every number opens"),
        _("A click on a figure leads to its formula, its version and the rows it was counted from."),
    ),
)

TOPICS = {one.code: one for one in _LIST}

# Which rule stands behind a refusal, by its code.
REFUSALS = {
    "number_taken": "one-number",
    "likely_known": "likely-known",
    "person_locked": "deletion",
    "household_has_head": "head",
    "two_heads": "head",
    "is_head": "head",
    "head_missing": "head",
    "married_already": "marriage-certificate",
    "wrong_certificate": "marriage-certificate",
    "certificate_taken": "marriage-certificate",
    "no_household": "one-household",
    "household_closed": "one-household",
    "nobody_stays": "split",
    "lives_elsewhere": "known-elsewhere",
    "other_branch": "known-elsewhere",
    "own_proposal": "second-signature",
    "own_event": "second-signature",
    "three_people": "handover",
    "not_in_sample": "second-signature",
    "too_many_readings": "reveal",
    "purpose_missing": "reveal",
    "no_consent": "consent",
    "consent_withdrawn": "consent",
    "sensitive": "minimum",
    "sensitive_word": "minimum",
    "source_missing": "source",
    "disputed": "shown-value",
    "ends_elsewhere": "task",
    "not_to_be_asked": "consent",
    "number_in_text": "mask",
    "number_in_words": "mask",
    "note_empty": "valid-visit",
    "labour_over_population": "source",
    "visits_left": "handover",
    "not_signed": "handover",
    "not_a_manager": "manager",
}


def topic(code: str) -> Topic | None:
    """The rule of that code, or None."""
    return TOPICS.get(code)


def explained(refusal: DomainError) -> str:
    """What a page says of a refusal: its words, and where a rule stands behind it a link to the rule."""
    found = topic(REFUSALS.get(refusal.code, ""))
    if found is None:
        return str(refusal)
    return format_html(
        '{} <a class="rule-link" href="{}" title="{}">{}</a>',
        str(refusal),
        found.url,
        found.sentence,
        _now("Why?"),
    )
