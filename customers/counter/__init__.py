"""The counter: registering a person, the spouse and the household in under a minute, by keyboard alone."""
