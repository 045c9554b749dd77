"""Who lives with whom: what the evidence leaves open is asked, answered in the life of a household, and taken back."""
