"""My day: what is late, what is today, what waits for a person, and figures, by post."""

from coopcrm.myday.days import day_of

__all__ = ["day_of"]
