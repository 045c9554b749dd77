"""Where each value of a person comes from, which of several is shown, and how good a record is (handbook §6.8)."""
