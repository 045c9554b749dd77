"""Stored codes of the life of a household and the labels people see."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class EventKind(models.TextChoices):
    """What happened to a household on a day (handbook §6.4)."""

    OPENED = "opened", _("Household opened")
    JOINED = "joined", _("Somebody joined")
    LEFT = "left", _("Somebody left")
    MOVED = "moved", _("Somebody moved to another household")
    MARRIAGE = "marriage", pgettext_lazy("event of a household", "Marriage")
    DIVORCE = "divorce", pgettext_lazy("event of a household", "Divorce")
    SPLIT = "split", _("Household split")
    DEATH = "death", pgettext_lazy("event of a household", "Death")
    NEW_HEAD = "new_head", _("Another head")
    MIGRATION = "migration", _("Somebody works away")
    RETURN = "return", _("Somebody came back")
    EMPTY = "empty", _("Empty registration")
    LIVED_IN = "lived_in", _("Lived in again")
    PLACE = "place", _("Household moved to another place")
    REGISTER = "register", _("New register number")
    CLOSED = "closed", _("Household closed")
    RECORDS = "records", _("Records of one person joined")
    JOINED_HOMES = "homes", _("Records of one household joined")
    REVIEWED = "reviewed", _("Reviewed after a change")
    UNDONE = "undone", _("Event taken back")


class Paper(models.TextChoices):
    """The paper that shows an event."""

    NONE = "none", _("No paper, as the family says")
    MARRIAGE = "marriage", _("Marriage certificate")
    DIVORCE = "divorce", _("Divorce certificate")
    DEATH = "death", _("Death certificate")
    REGISTER = "register", _("Household register")
    VILLAGE = "village", _("Statement of the village committee")


class MarriageEnd(models.TextChoices):
    """Why a marriage is no longer in force."""

    DIVORCE = "divorce", pgettext_lazy("end of a marriage", "Divorce")
    DEATH = "death", pgettext_lazy("end of a marriage", "Death")
    UNDONE = "undone", _("Recorded by mistake")


class Tenure(models.TextChoices):
    """Whose land it is."""

    OWN = "own", pgettext_lazy("tenure of land", "own")
    LEASED_IN = "leased_in", _("leased from others")
    LEASED_OUT = "leased_out", _("leased to others")


class Season(models.TextChoices):
    """The harvest of a year to which a crop belongs."""

    SPRING = "1", _("spring")
    SUMMER = "2", _("summer")
    AUTUMN = "3", _("autumn")
    WINTER = "4", _("winter")


class CropKind(models.TextChoices):
    WHEAT = "wheat", _("Wheat")
    RICE = "rice", _("Rice")
    MAIZE = "maize", _("Maize")
    SOYBEAN = "soybean", _("Soybeans")
    RAPESEED = "rapeseed", _("Rapeseed")
    PEANUT = "peanut", _("Peanuts")
    POTATO = "potato", _("Potatoes")
    COTTON = "cotton", _("Cotton")
    VEGETABLES = "vegetables", _("Vegetables")
    FRUIT = "fruit", _("Fruit")
    TEA = "tea", _("Tea")
    HERBS = "herbs", _("Medicinal herbs")
    OTHER = "other", pgettext_lazy("kind of crop", "Other crop")


class AnimalKind(models.TextChoices):
    """The codes under which fact sheets count livestock."""

    PIGS = "pigs", _("Pigs")
    CATTLE = "cattle", _("Cattle")
    SHEEP = "sheep", _("Sheep and goats")
    CHICKENS = "chickens", _("Chickens")
    DUCKS = "ducks", _("Ducks")
    GEESE = "geese", _("Geese")
    RABBITS = "rabbits", _("Rabbits")
    DONKEYS = "donkeys", _("Donkeys")
    HORSES = "horses", _("Horses")
    MULES = "mules", _("Mules")
    BEES = "bees", _("Bee colonies")
    POND = "pond_mu", _("Fish pond (mu)")


class MachineKind(models.TextChoices):
    TRACTOR = "tractor", _("Tractor")
    HARVESTER = "harvester", _("Harvester")
    TILLER = "tiller", _("Power tiller")
    SEEDER = "seeder", _("Seeder")
    PUMP = "pump", _("Water pump")
    TRUCK = "truck", _("Truck")
    TRICYCLE = "tricycle", _("Motor tricycle")
    DRONE = "drone", _("Spraying drone")
    OTHER = "other", pgettext_lazy("kind of machine", "Other machine")


class WorkKind(models.TextChoices):
    """What a member lives by."""

    FARM = "farm", _("on the own farm")
    LOCAL = "local", _("works nearby")
    AWAY = "away", _("works away from home")
    BUSINESS = "business", _("own business")
    SCHOOL = "school", _("at school")
    HOME = "home", _("at home")
