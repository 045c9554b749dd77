"""Consents: what a person has allowed, and the one question to ask before data serve more than the contract.

``may_use`` (one person) and ``usable_for`` (many) are the same rule. Only purposes whose base is consent depend on
rows; the last answer on or before the day decides, and no answer is no.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from branches.models import StaffMember
from coopcrm.shared.errors import Refused, require
from coopcrm.shared.periods import add_months, completed_years
from customers import policies
from customers.choices import Channel, CustomerState, Decision, Purpose
from customers.models import Consent, ConsentText, Customer
from customers.purposes import AT_COUNTER, CONSENTED, RULES, PurposeRule
from customers.registries import ListFilter

CHILD_YEARS = 14


def end_of(day: date) -> datetime:
    """The first moment after a day."""
    return timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))


def is_child(customer: Customer, on: date) -> bool:
    """Younger than fourteen: a guardian decides (handbook §6.6)."""
    return customer.birth_date is not None and completed_years(customer.birth_date, on) < CHILD_YEARS


# -- What may be done --------------------------------------------------------------------------------------------------


def may_use(customer: Customer, purpose: str, *, on: date) -> bool:
    """Whether a person's data may be used for a purpose on a day."""
    return usable_for(Customer.objects.filter(pk=customer.pk), purpose, on=on).exists()


def usable_for(customers: QuerySet[Customer], purpose: str, *, on: date) -> QuerySet[Customer]:
    """Those of ``customers`` whose data may be used for a purpose on a day.

    Consent of a child counts only beside the guardian's; nobody is written to who has died, has been merged
    away or is locked.
    """
    rule = RULES[purpose]
    if not rule.needs_consent:
        return customers
    living = customers.filter(state=CustomerState.ACTIVE, is_locked=False).filter(said_yes(purpose, on))
    if rule.needs_guardian:
        return living
    is_grown = Q(birth_date=None) | Q(birth_date__lte=add_months(on, -12 * CHILD_YEARS))
    return living.filter(is_grown | said_yes(Purpose.CHILDREN, on))


def contactable(customers: QuerySet[Customer], *, on: date) -> QuerySet[Customer]:
    """Those of ``customers`` to whom offers and messages may go on a day: agreed, and sure to be who they are."""
    return usable_for(customers.filter(identity_conflict=False), Purpose.MARKETING, on=on)


def said_yes(purpose: str, on: date) -> Exists:
    """The person's last answer on or before a day is yes: a yes, and neither a withdrawal nor a refusal after it."""
    until = Consent.objects.filter(purpose=purpose, decided_at__lt=end_of(on))
    later = until.filter(customer=OuterRef("customer")).filter(
        Q(decided_at__gt=OuterRef("decided_at")) | Q(decided_at=OuterRef("decided_at"), pk__gt=OuterRef("pk"))
    )
    return Exists(until.filter(customer=OuterRef("pk"), decision=Decision.GIVEN).exclude(Exists(later)))


# -- What has been said ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """How a purpose stands with a person: its rule and, where consent is the base, the last answer."""

    rule: PurposeRule
    consent: Consent | None = None

    @property
    def is_given(self) -> bool:
        """Whether the last answer is yes."""
        return self.consent is not None and self.consent.decision == Decision.GIVEN

    @property
    def tone(self) -> str:
        """The colour beside the word."""
        return "ok" if self.is_given else "neutral" if self.consent is None else "warn"


def standings(customer: Customer) -> list[Standing]:
    """Every purpose with the person's last answer, in one query."""
    rows = Consent.objects.filter(customer=customer).select_related("text", "recorded_by", "guardian")
    last = {row.purpose: row for row in rows.order_by("purpose", "-decided_at", "-pk").distinct("purpose")}
    return [Standing(rule, last.get(code)) for code, rule in RULES.items()]


def history(customer: Customer) -> list[Consent]:
    """Every answer of a person, latest first."""
    rows = Consent.objects.filter(customer=customer).select_related("text", "recorded_by", "guardian")
    return list(rows.order_by("-decided_at", "-pk"))


def text_in_force(purpose: str, *, on: date) -> ConsentText:
    """The text that people are shown on a day."""
    found = ConsentText.objects.filter(purpose=purpose, valid_from__lte=on).order_by("-valid_from").first()
    if found is None:
        raise Refused(_("There is no text for this consent yet. Head office publishes one."), code="no_text")
    return found


def texts_in_force(*, on: date) -> dict[str, ConsentText]:
    """By purpose the text that people are shown on a day, in one query."""
    rows = (
        ConsentText.objects.filter(valid_from__lte=on).order_by("purpose", "-valid_from").distinct("purpose")
    )
    return {row.purpose: row for row in rows}


# -- Deeds -------------------------------------------------------------------------------------------------------------


@transaction.atomic
def record_consent(
    *,
    staff: StaffMember,
    customer: Customer,
    purpose: str,
    decision: str,
    channel: str,
    at: datetime,
    reference: str = "",
    guardian: Customer | None = None,
) -> Consent:
    """Write down an answer to the text in force; the same answer to the same text again changes nothing."""
    require(
        policies.may_record_consent(staff, customer),
        _("Consents are recorded by the counter, the officers and the directors of the managing branch."),
    )
    rule = RULES.get(purpose)
    require(
        rule is not None and rule.needs_consent, _("This purpose needs no consent."), code="no_consent_needed"
    )
    today = timezone.localdate(at)
    customer = Customer.objects.select_for_update().get(pk=customer.pk)
    last = _last(customer, purpose)
    text = text_in_force(purpose, on=today)
    if decision == Decision.WITHDRAWN:
        return _withdraw(staff, last, channel, at, reference)
    require(
        decision in (Decision.GIVEN, Decision.REFUSED),
        _("Choose given, refused or withdrawn."),
        code="no_answer",
    )
    if last is not None and last.decision == decision and last.text_id == text.pk:
        return last
    if decision == Decision.REFUSED and last is not None and last.decision == Decision.GIVEN:
        raise Refused(_("This consent was given; withdraw it instead."), code="withdraw_instead")
    if decision == Decision.GIVEN:
        _check_guardian(rule, customer, guardian, today)
    return Consent.objects.create(
        customer=customer,
        purpose=purpose,
        text=text,
        decision=decision,
        decided_at=at,
        channel=channel,
        recorded_by=staff,
        reference=reference.strip(),
        guardian=guardian,
    )


def _last(customer: Customer, purpose: str) -> Consent | None:
    rows = Consent.objects.filter(customer=customer, purpose=purpose)
    return rows.order_by("-decided_at", "-pk").first()


def _withdraw(
    staff: StaffMember, last: Consent | None, channel: str, at: datetime, reference: str
) -> Consent:
    if last is not None and last.decision == Decision.WITHDRAWN:
        return last
    if last is None or last.decision != Decision.GIVEN:
        raise Refused(_("There is no consent to withdraw."), code="nothing_to_withdraw")
    return Consent.objects.create(
        customer_id=last.customer_id,
        purpose=last.purpose,
        text_id=last.text_id,
        decision=Decision.WITHDRAWN,
        decided_at=max(at, last.decided_at),
        channel=channel,
        recorded_by=staff,
        reference=reference.strip(),
        guardian_id=last.guardian_id,
        withdraws=last,
    )


def _check_guardian(rule: PurposeRule, customer: Customer, guardian: Customer | None, today: date) -> None:
    """A child's consents are the guardian's; a guardian is a grown customer and somebody else."""
    if rule.needs_guardian and not is_child(customer, today):
        raise Refused(_("This person is 14 or older and decides alone."), code="no_child")
    if (rule.needs_guardian or is_child(customer, today)) and guardian is None:
        raise Refused(
            _("A guardian decides for a child under 14. Write the guardian's customer number."),
            code="guardian_missing",
        )
    if guardian is not None and (guardian.pk == customer.pk or is_child(guardian, today)):
        raise Refused(_("The guardian is another person, and grown up."), code="guardian_unfit")


def record_at_counter(
    *, staff: StaffMember, customer: Customer, purposes: Iterable[str], at: datetime
) -> int:
    """Write down what a new customer agrees to while being registered; returns how many consents."""
    asked = [purpose for purpose in purposes if purpose in AT_COUNTER]
    if not asked:
        return 0
    today = timezone.localdate(at)
    if is_child(customer, today):
        text = _("A guardian consents for a child under 14, on the child's page. Take the consents off here.")
        raise Refused(text, code="guardian_missing")
    texts = texts_in_force(on=today)
    rows = [
        Consent(
            customer=customer,
            purpose=purpose,
            text=texts[purpose],
            decision=Decision.GIVEN,
            decided_at=at,
            channel=Channel.COUNTER,
            recorded_by=staff,
        )
        for purpose in asked
    ]
    return len(Consent.objects.bulk_create(rows))


# -- The list of customers ---------------------------------------------------------------------------------------------


def _narrowed(customers: QuerySet[Customer], purpose: str) -> QuerySet[Customer]:
    return usable_for(customers, purpose, on=timezone.localdate()) if purpose in CONSENTED else customers


AGREES_FILTER = ListFilter(
    gettext_lazy("Agrees to"), lambda: [(code, RULES[code].purpose.label) for code in CONSENTED], _narrowed
)
"""Lists for offers and the like, and their exports, hold only those who allow that purpose today."""


# -- The card on the customer's page -----------------------------------------------------------------------------------


def consents_card(staff: StaffMember, customer: Customer | None, household: Any) -> tuple | None:
    """Purposes that need consent, each with the last answer."""
    if customer is None or not policies.may_read_fully(staff, customer):
        return None
    lines = [line for line in standings(customer) if line.rule.needs_consent]
    said = [line for line in lines if line.consent is not None]
    context = {
        "customer": customer,
        "lines": said,
        "silent": len(lines) - len(said),
        "may_record": policies.may_record_consent(staff, customer),
    }
    return "customers/_consents_card.html", context
