"""News for the apps above, sent after commit."""

from django.dispatch import Signal

customer_registered = Signal()
"""``customer_id``: a person became known to the registry."""

visit_recorded = Signal()
"""``visit_id``, ``household_id``: a visit note was signed."""

facts_recorded = Signal()
"""``fact_sheet_id``, ``household_id``: something new is known of a household."""
