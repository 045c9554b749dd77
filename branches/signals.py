"""News of the organisation for whoever listens: sent after commit."""

from django.dispatch import Signal

post_granted = Signal()
"""A person holds a post from today or earlier on: ``staff``, ``post``."""

post_ended = Signal()
"""A person no longer holds a post: ``staff``, ``post``. Sessions end here."""
