"""Stored codes of the banking book and the labels people see."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class ProductFamily(models.TextChoices):
    DEPOSIT = "deposit", _("Deposit")
    LOAN = "loan", _("Loan")
    SHARE = "share", _("Share capital")
    CARD = "card", pgettext_lazy("family of products", "Card")
    MOBILE = "mobile", _("Mobile banking")
    INSURANCE = "insurance", _("Insurance")
    PAYMENT = "payment", _("Payment service")


class AccountState(models.TextChoices):
    OPEN = "open", pgettext_lazy("state of an account", "Open")
    DORMANT = "dormant", _("Dormant")
    FROZEN = "frozen", _("Frozen")
    CLOSED = "closed", _("Closed")


class MatrixClass(models.TextChoices):
    FARMER = "farmer", _("Farmer")
    OTHER_NATURAL = "other_natural", _("Other natural person")
    ENTERPRISE = "enterprise", _("Enterprise")


class Guarantee(models.TextChoices):
    CREDIT = "credit", _("Unsecured")
    GUARANTEE = "guarantee", pgettext_lazy("kind of guarantee", "Guarantee")
    JOINT = "joint", _("Joint liability")
    MORTGAGE = "mortgage", _("Mortgage")
    PLEDGE = "pledge", _("Pledge")


class LoanClass(models.TextChoices):
    NORMAL = "normal", _("Normal")
    SPECIAL_MENTION = "special_mention", _("Special mention")
    SUBSTANDARD = "substandard", _("Substandard")
    DOUBTFUL = "doubtful", _("Doubtful")
    LOSS = "loss", _("Loss")


NON_PERFORMING = (LoanClass.SUBSTANDARD, LoanClass.DOUBTFUL, LoanClass.LOSS)


class LineState(models.TextChoices):
    ACTIVE = "active", _("Active")
    FROZEN = "frozen", _("Frozen")
    EXPIRED = "expired", _("Expired")
    SUPERSEDED = "superseded", _("Superseded")
    CANCELLED = "cancelled", _("Cancelled")


class ApplicationOutcome(models.TextChoices):
    OPEN = "open", pgettext_lazy("state of an application", "Open")
    DISBURSED = "disbursed", _("Paid out")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Withdrawn")
