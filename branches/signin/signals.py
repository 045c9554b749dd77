"""News of sign-in for whoever keeps a record of it."""

from django.dispatch import Signal

session_ended = Signal()
"""``request``, ``staff`` whose sessions, ``by`` whom, ``reason`` as a code, ``count``."""

first_password_issued = Signal()
"""``staff`` who gets the letter, ``by`` whom."""

password_changed = Signal()
"""``staff`` who chose a new one."""

second_factor_changed = Signal()
"""``staff`` whose, ``by`` whom, ``what`` as a code: enrolled, codes_renewed, removed."""

released = Signal()
"""``staff`` whose failed tries are forgotten, ``by`` whom."""

device_changed = Signal()
"""``device``, ``by`` whom, ``what`` as a code: registered, ended."""
