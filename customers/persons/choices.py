"""Codes of particulars and organisations, and the words people see."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Education(models.TextChoices):
    NONE = "none", _("No school")
    PRIMARY = "primary", _("Primary school")
    JUNIOR = "junior", _("Junior middle school")
    SENIOR = "senior", _("Senior middle school")
    VOCATIONAL = "vocational", _("Vocational school")
    COLLEGE = "college", _("College")
    UNIVERSITY = "university", _("University")


class ContactLanguage(models.TextChoices):
    MANDARIN = "mandarin", _("Mandarin")
    DIALECT = "dialect", _("Local dialect")
    CANTONESE = "cantonese", _("Cantonese")
    OTHER = "other", pgettext_lazy("a language", "Another language")


class ContactHours(models.TextChoices):
    ANY = "any", _("At any time")
    MORNING = "morning", _("In the morning")
    NOON = "noon", _("At noon")
    EVENING = "evening", _("In the evening")
    MARKET = "market", _("On market days only")


class SkillCode(models.TextChoices):
    """What somebody can do, as far as it says how a household earns."""

    GRAIN = "grain", _("Grain and oil crops")
    VEGETABLES = "vegetables", _("Vegetables")
    TEA = "tea", _("Tea")
    FRUIT = "fruit", _("Fruit")
    LIVESTOCK = "livestock", _("Livestock")
    POULTRY = "poultry", _("Poultry")
    FISH = "fish", _("Fish")
    BEES = "bees", _("Bees")
    FORESTRY = "forestry", _("Forestry")
    MACHINES = "machines", _("Farm machines")
    DRIVING = "driving", _("Driving")
    BUILDING = "building", _("Building")
    CARPENTRY = "carpentry", _("Carpentry")
    REPAIR = "repair", _("Repairs")
    COOKING = "cooking", _("Cooking")
    SEWING = "sewing", _("Sewing and weaving")
    TRADE = "trade", _("Trade")
    ONLINE = "online", _("Selling online")
    OFFICE = "office", _("Accounts and office work")
    OTHER = "other", pgettext_lazy("a skill", "Something else")


OCCUPATIONS = (
    "务农", "种植大户", "养殖大户", "外出务工", "本地务工", "个体经营", "运输", "建筑", "教师", "村干部", "医护",
    "退休", "学生", "家务",
)  # fmt: skip
"""Offered while an occupation is typed; any other word may be written."""


class OrganisationCategory(models.TextChoices):
    """What the first two places of the unified social credit code say (handbook §6.2)."""

    ENTERPRISE = "enterprise", _("Enterprise")
    INDIVIDUAL_BUSINESS = "individual_business", _("Individual business")
    FARMERS_COOPERATIVE = "farmers_cooperative", _("Farmers' cooperative")
    RURAL_COLLECTIVE = "rural_collective", _("Rural collective")
    OTHER = "other", pgettext_lazy("an organisation", "Other organisation")


class LegalForm(models.TextChoices):
    LIMITED = "limited", _("Limited liability company")
    JOINT_STOCK = "joint_stock", _("Joint-stock company")
    SOLE = "sole", _("Sole proprietorship")
    PARTNERSHIP = "partnership", _("Partnership")
    INDIVIDUAL = "individual", _("Individual business without legal person")
    COOPERATIVE = "cooperative", _("Specialised farmers' cooperative")
    COLLECTIVE = "collective", _("Rural collective economic organisation")
    BRANCH = "branch", _("Branch of another organisation")
    OTHER = "other", pgettext_lazy("a legal form", "Other form")


class RepresentativeRole(models.TextChoices):
    LEGAL = "legal_representative", _("Legal representative")
    AUTHORISED = "authorised", _("Authorised to sign")
    FINANCE = "finance", _("Keeps the books")
    CONTACT = "contact", pgettext_lazy("role in an organisation", "Contact")
