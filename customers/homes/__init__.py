"""The life of a household and its farm: who lives there when, and what the family works with (handbook §6.4)."""
