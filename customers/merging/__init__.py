"""Joining two records of one person or household, and taking it back."""
