"""Complaints, requests and praise: taken in anywhere, answered in time by somebody else than whom they are about."""
