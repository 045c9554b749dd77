"""What people send in: sheets and photos, read in a child process that can lose nothing but itself."""

from coopcrm.shared.uploads.refusals import Unreadable, refusal_for

__all__ = ["Unreadable", "refusal_for"]
