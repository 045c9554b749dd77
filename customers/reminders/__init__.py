"""Reminders: rules in data that open tasks at night, set-based, once per subject."""
