"""The API of this app: customers and households."""
