"""Segments (saved filters with history) and campaigns (a list with a holdout, outcomes, results with an interval)."""
