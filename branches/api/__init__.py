"""The read-only API of this app."""
