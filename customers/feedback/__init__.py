"""Customers rate the service: an invitation after a contact, an answer by one-time link, and who reads it."""
