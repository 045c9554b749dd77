"""Persons in full: documents with validity, phones, particulars, other names (handbook §6.1, §6.2)."""
