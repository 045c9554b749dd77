"""Review of possible duplicates: the queue, the decision of people, and how what they decided is remembered."""
