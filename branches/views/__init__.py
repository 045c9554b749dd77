"""Pages of the organisation: who works where, and which branch serves which village."""
