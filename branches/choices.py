"""Stored codes of the organisation and the labels people see."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class UnitKind(models.TextChoices):
    UNION = "union", _("County union")
    BRANCH = "branch", pgettext_lazy("kind of unit", "Branch")
    SUB_BRANCH = "sub_branch", _("Sub-branch")
    COUNTER = "counter", _("Counter")


class PostCode(models.TextChoices):
    """Posts a person can hold; the codes are also the names of the demonstration users."""

    CASHIER = "cashier", _("Cashier")
    LOAN_OFFICER = "loan_officer", _("Loan officer")
    CUSTOMER_MANAGER = "customer_manager", _("Customer manager")
    ACCOUNTANT = "accountant", _("Accountant")
    DEPUTY_DIRECTOR = "deputy_director", _("Deputy director")
    DIRECTOR = "director", _("Director")
    LOAN_GROUP = "loan_group", _("Branch loan group")
    UNION_CREDIT = "union_credit", _("Union credit department")
    UNION_RISK = "union_risk", _("Union risk department")
    UNION_COMMITTEE = "union_committee", _("Union loan committee")
    HEAD_OFFICE = "head_office", _("Head office")
    AUDITOR = "auditor", _("Auditor")
    ADMINISTRATOR = "administrator", _("Administrator")


class Desk(models.TextChoices):
    """Posts that learn the same: each has its first day and its quiz."""

    COUNTER = "counter", _("Counter and accounts")
    FIELD = "field", _("Villages and portfolios")
    DIRECTION = "direction", _("Direction of a branch")
    UNION = "union", _("Desks of the union")
    AUDIT = "audit", _("Audit")
    SITE = "site", _("Administration")


class AreaLevel(models.TextChoices):
    PROVINCE = "province", _("Province")
    PREFECTURE = "prefecture", _("Prefecture")
    COUNTY = "county", _("County")
    TOWNSHIP = "township", _("Township")
    VILLAGE = "village", _("Village")


class DayKind(models.TextChoices):
    HOLIDAY = "holiday", _("Public holiday")
    EXTRA_WORKDAY = "extra_workday", _("Make-up working day")


class DeviceKind(models.TextChoices):
    COUNTER = "counter", _("Counter or desk")
    PHONE = "phone", _("Phone")


class Weekday(models.IntegerChoices):
    """Days of the week as ISO numbers them."""

    MONDAY = 1, _("Monday")
    TUESDAY = 2, _("Tuesday")
    WEDNESDAY = 3, _("Wednesday")
    THURSDAY = 4, _("Thursday")
    FRIDAY = 5, _("Friday")
    SATURDAY = 6, _("Saturday")
    SUNDAY = 7, _("Sunday")


class ListKind(models.TextChoices):
    """Lists of the organisation that come in as files."""

    UNITS = "units", _("Units")
    STAFF = "staff", _("Staff with posts")
    AREAS = "areas", _("Areas")
    CALENDAR = "calendar", _("Calendar")


class ListState(models.TextChoices):
    CHECKING = "checking", _("being checked")
    CHECKED = "checked", _("waiting for confirmation")
    TAKING_IN = "taking_in", _("being taken in")
    DONE = "done", _("done")
    REFUSED = "refused", _("refused")


class Language(models.TextChoices):
    ENGLISH = "en", "English"
    SIMPLIFIED = "zh-hans", "简体中文"
    TRADITIONAL = "zh-hant", "繁體中文"


class ProposalState(models.TextChoices):
    OPEN = "open", pgettext_lazy("state of a proposal", "Open")
    CONFIRMED = "confirmed", _("Confirmed")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    EXPIRED = "expired", _("Expired")
    FAILED = "failed", _("Could not be carried out")
