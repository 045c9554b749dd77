"""The questions of the quizzes. The first answer of each is the right one; a quiz shows them in another order."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from branches.choices import Desk

ASKED = 6
COUNTER, FIELD, DIRECTION = Desk.COUNTER, Desk.FIELD, Desk.DIRECTION
UNION, AUDIT, SITE = Desk.UNION, Desk.AUDIT, Desk.SITE
EVERYBODY = (COUNTER, FIELD, DIRECTION, UNION, AUDIT, SITE)


@dataclass(frozen=True)
class Question:
    """A question, its answers (the first is right), the rule that explains it, and the desks it is for."""

    code: str
    text: Any
    answers: tuple[Any, Any, Any]
    topic: str
    desks: tuple[str, ...]


QUESTIONS = (
    Question(
        "bad-number",
        _("The last character of an identity number does not fit. What do you do?"),
        (
            _("Look at the card again; if it really says so, keep it as typed"),
            _("Put in the character that fits"),
            _("Register without a number"),
        ),
        "number-as-typed",
        (COUNTER, FIELD, DIRECTION),
    ),
    Question(
        "taken-number",
        _("The number is held by somebody with another name. What happens when you register anyway?"),
        (
            _("The second claim is disputed, and both get no new credit until the paper is seen"),
            _("The first holder loses the number"),
            _("Both share the number"),
        ),
        "one-number",
        (COUNTER, DIRECTION),
    ),
    Question(
        "same-name",
        _("Two people of one village have the same name. Are they one person?"),
        (
            _("The name alone says nothing"),
            _("Yes, when the surname is rare"),
            _("Yes, when the branch is the same"),
        ),
        "name-alone",
        (COUNTER, FIELD, DIRECTION, UNION, AUDIT),
    ),
    Question(
        "shared-phone",
        _("A wife gives the phone that her husband has on record. What do you do?"),
        (
            _("Note it with her too"),
            _("Refuse it, for it is taken"),
            _("Take it away from him"),
        ),
        "phone",
        (COUNTER, FIELD),
    ),
    Question(
        "certificate",
        _("What does a marriage certificate do?"),
        (
            _("It links two persons and opens their household"),
            _("It identifies either of them alone"),
            _("It replaces the identity card"),
        ),
        "marriage-certificate",
        (COUNTER, FIELD),
    ),
    Question(
        "moving",
        _("A son marries into another household on 1 May. From when is he its member?"),
        (
            _("From 1 May, and until then of the old one"),
            _("From both, until somebody cleans up"),
            _("From the next rating"),
        ),
        "one-household",
        (COUNTER, FIELD, DIRECTION),
    ),
    Question(
        "split-line",
        _("A household splits. What about its line?"),
        (
            _("It is frozen until reviewed, and the new household starts unrated"),
            _("Both halves draw on it"),
            _("The new household takes half of it"),
        ),
        "split",
        (FIELD, DIRECTION, UNION),
    ),
    Question(
        "foreign-customer",
        _("You find somebody of another branch. What do you see?"),
        (
            _("A masked name, village, branch and the month of the last contact"),
            _("Everything, if you have a post"),
            _("Nothing: she cannot be found"),
        ),
        "known-elsewhere",
        EVERYBODY,
    ),
    Question(
        "full-number",
        _("When may you show a full phone number?"),
        (
            _("When you need it for a purpose, which goes on record"),
            _("Whenever nobody is looking"),
            _("Never"),
        ),
        "reveal",
        (COUNTER, FIELD, DIRECTION, AUDIT),
    ),
    Question(
        "no-marketing",
        _("A customer has taken back the consent to messages. What ends?"),
        (
            _("Messages and offers, and nothing else"),
            _("The account"),
            _("The rating"),
        ),
        "consent",
        (COUNTER, FIELD, DIRECTION, UNION),
    ),
    Question(
        "delete-me",
        _("Somebody who left two years ago asks to be deleted. What is the answer?"),
        (
            _("The record is locked now and erased when the ten years are over"),
            _("It is erased at once"),
            _("That cannot be asked"),
        ),
        "deletion",
        (COUNTER, DIRECTION, UNION, AUDIT),
    ),
    Question(
        "illness",
        _("A farmer tells you about an illness. Where do you write it?"),
        (_("Nowhere"), _("In the visit note"), _("As a tag")),
        "minimum",
        (FIELD, COUNTER, DIRECTION),
    ),
    Question(
        "short-visit",
        _("Which visit counts?"),
        (
            _("Twelve minutes at the house with a note in your own words"),
            _("A call of half an hour"),
            _("Four minutes at the house with last year's note"),
        ),
        "valid-visit",
        (FIELD, DIRECTION, UNION, AUDIT),
    ),
    Question(
        "said-or-seen",
        _("The farmer says he has ten pigs, and you count six. What do you record?"),
        (
            _("Six as seen; what was said may stand beside it"),
            _("Ten, for he must know"),
            _("Eight"),
        ),
        "source",
        (FIELD,),
    ),
    Question(
        "missing-fact",
        _("Nobody knows whether the household has debts elsewhere. What does the rating do?"),
        (
            _("It is incomplete and says what to ask"),
            _("It counts no debts"),
            _("It gives the lowest grade"),
        ),
        "unknown",
        (FIELD, DIRECTION, UNION, AUDIT),
    ),
    Question(
        "over-cap",
        _("The caps are 60,000, 115,200 and 110,000, and 12,500 are owed elsewhere. What is the limit?"),
        (_("47,000"), _("60,000"), _("47,500")),
        "limit",
        (FIELD, DIRECTION, UNION),
    ),
    Question(
        "afternoon",
        _("A draw is asked for at 17:00 on a working day. When is it still in time?"),
        (
            _("By the end of the next working day"),
            _("By midnight"),
            _("Within three days"),
        ),
        "same-day",
        (COUNTER, DIRECTION, UNION),
    ),
    Question(
        "own-case",
        _("You proposed a change and hold a post that may confirm. May you confirm it?"),
        (
            _("No, another person does"),
            _("Yes, when it is urgent"),
            _("Yes, after a day"),
        ),
        "second-signature",
        EVERYBODY,
    ),
    Question(
        "approve-own",
        _("The director has investigated a case. Who approves it?"),
        (
            _("Somebody else"),
            _("The director, with two signatures"),
            _("Nobody is needed"),
        ),
        "three-people",
        (DIRECTION, UNION, AUDIT),
    ),
    Question(
        "handed-over",
        _("A portfolio passes to a new officer. Who stays first responsible for its loans?"),
        (_("Whoever was before"), _("The new officer"), _("The director")),
        "handover",
        (FIELD, DIRECTION, AUDIT),
    ),
    Question(
        "late-complaint",
        _("A complaint is about you. Who handles it?"),
        (_("Somebody else"), _("You, for you know best"), _("Nobody, until it is late")),
        "complaint",
        (COUNTER, FIELD, DIRECTION),
    ),
    Question(
        "few-answers",
        _("A branch has twelve answers, all of them five stars. What does the ranking show?"),
        (
            _("Grey with n 12, and no place"),
            _("The first place"),
            _("Zero"),
        ),
        "small-sample",
        (DIRECTION, UNION, AUDIT),
    ),
    Question(
        "falling-tier",
        _("A gold customer earns less in one period. What about the tier?"),
        (
            _("It stays until a second period confirms it"),
            _("It falls at once"),
            _("It can only rise"),
        ),
        "tiers",
        (DIRECTION, UNION),
    ),
    Question(
        "dash",
        _("A figure shows a dash. What does it mean?"),
        (_("It cannot be said, and the reason stands there"), _("Zero"), _("The job has failed")),
        "small-sample",
        (UNION, AUDIT, SITE),
    ),
    Question(
        "rewrite",
        _("Somebody wants an entry of the ledger of deeds changed. Who can do it?"),
        (_("Nobody"), _("The administrator"), _("The auditor, with a second person")),
        "ledger-of-deeds",
        (AUDIT, SITE, UNION),
    ),
    Question(
        "new-post",
        _("A colleague begins on Monday. How does the post come about?"),
        (
            _("One person proposes it with its dates, another confirms"),
            _("The administrator types it in alone"),
            _("It comes by itself"),
        ),
        "second-signature",
        (SITE, DIRECTION),
    ),
    Question(
        "masked-list",
        _("Where is a number masked?"),
        (
            _("On the server, before the page is made"),
            _("In the browser"),
            _("On paper alone"),
        ),
        "mask",
        (SITE, AUDIT),
    ),
)

BY_CODE = {question.code: question for question in QUESTIONS}


def questions_for(desk: str, seed: str) -> list[Question]:
    """Six questions of a desk; the same seed asks the same ones in the same order."""
    meant = [question for question in QUESTIONS if desk in question.desks]
    return sorted(meant, key=lambda question: _rank(seed, question.code))[:ASKED]


def answers_of(question: Question, seed: str) -> list[tuple[int, Any]]:
    """Positions and words of the answers in the order in which this quiz shows them."""
    return sorted(enumerate(question.answers), key=lambda answer: _rank(seed, question.code, str(answer[0])))


def _rank(*parts: str) -> str:
    return hashlib.sha256("·".join(parts).encode()).hexdigest()
