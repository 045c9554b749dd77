"""The matching engine: who is one person, by evidence in the open; plain values, no database, no clock."""
