"""The demonstration county: invented people, villages and books, the same for the same seed."""

from datetime import date

DEMO_AS_OF = date(2026, 10, 31)
DEMO_CLOSINGS = (date(2026, 8, 31), date(2026, 9, 30), DEMO_AS_OF)
DEMO_SEED = 20261031
DEMO_PASSWORD = "harvest-moon-2026"  # noqa: S105 - printed by `make demo`; production refuses these users
DEMO_SECOND_FACTOR = "COOPCRMDEMO2YEARS7HARVEST4MOONZZ"
DEMO_CUSTOMERS = 20_000
SECOND_DIRECTOR, SECOND_HEAD_OFFICE = "director_2", "head_office_2"

__all__ = [
    "DEMO_AS_OF",
    "DEMO_CLOSINGS",
    "DEMO_CUSTOMERS",
    "DEMO_PASSWORD",
    "DEMO_SECOND_FACTOR",
    "DEMO_SEED",
    "SECOND_DIRECTOR",
    "SECOND_HEAD_OFFICE",
]
