"""The list of customers: filters, columns, pages by cursor, and what is done with many at once."""
