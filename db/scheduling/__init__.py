"""The scheduling problem as the database has it."""
