"""What a person's data may be used for, and on which legal base (handbook §6.6).

Contract and legal duty need no consent; they are shown as what they are. Consent is given for each purpose alone and
withdrawn alone. Sensitive data need a consent of their own, for a child under 14 from the guardian.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from customers.choices import LegalBase, Purpose


@dataclass(frozen=True)
class PurposeRule:
    """The base of a purpose, what is done for it, and whether the counter asks for it at registration."""

    purpose: Purpose
    base: LegalBase
    use: Any
    is_asked_at_counter: bool = False

    @property
    def needs_consent(self) -> bool:
        """Whether nothing may be done without the person's yes."""
        return self.base in (LegalBase.CONSENT, LegalBase.SEPARATE)

    @property
    def needs_guardian(self) -> bool:
        """Whether somebody else says yes in the person's name."""
        return self.purpose == Purpose.CHILDREN


RULES: dict[str, PurposeRule] = {
    rule.purpose.value: rule
    for rule in (
        PurposeRule(Purpose.ACCOUNTS, LegalBase.CONTRACT, _("To keep accounts and carry out payments.")),
        PurposeRule(Purpose.CREDIT, LegalBase.CONTRACT, _("To rate the household and lend to it.")),
        PurposeRule(
            Purpose.IDENTITY_CHECK,
            LegalBase.LEGAL_DUTY,
            _("To know who the customer is and keep records, as the anti-money-laundering law asks."),
        ),
        PurposeRule(
            Purpose.MARKETING,
            LegalBase.CONSENT,
            _("To tell about products that may fit."),
            is_asked_at_counter=True,
        ),
        PurposeRule(
            Purpose.NOTICE_BOARD,
            LegalBase.CONSENT,
            _("To show the amount of the credit line beside the name in the village."),
            is_asked_at_counter=True,
        ),
        PurposeRule(
            Purpose.SHARE_BRANCHES,
            LegalBase.CONSENT,
            _("To let another branch of the union work with the whole record."),
            is_asked_at_counter=True,
        ),
        PurposeRule(
            Purpose.SHARE_OTHERS,
            LegalBase.CONSENT,
            _("To pass name and phone to an insurer or dealer the customer asks for."),
            is_asked_at_counter=True,
        ),
        PurposeRule(
            Purpose.FINANCIAL_ACCOUNTS,
            LegalBase.SEPARATE,
            _("To ask for accounts and debts at other institutions."),
        ),
        PurposeRule(
            Purpose.BIOMETRICS,
            LegalBase.SEPARATE,
            _("To compare face or fingerprint with the card; the picture is never stored here."),
        ),
        PurposeRule(
            Purpose.LOCATION, LegalBase.SEPARATE, _("To note where house and fields lie during a visit.")
        ),
        PurposeRule(
            Purpose.CHILDREN, LegalBase.SEPARATE, _("To keep data of a child; the guardian says yes.")
        ),
    )
}
"""Every purpose by its code, in the order in which pages show them."""

CONSENTED = tuple(code for code, rule in RULES.items() if rule.needs_consent)
AT_COUNTER = tuple(code for code, rule in RULES.items() if rule.is_asked_at_counter)
