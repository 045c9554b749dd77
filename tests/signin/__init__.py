"""Sign-in: each rule as a sentence."""
