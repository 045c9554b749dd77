"""Amounts in groups of three, as on Chinese bank paper."""

THOUSAND_SEPARATOR = ","
NUMBER_GROUPING = 3
