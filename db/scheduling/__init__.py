"""Schedules of weeks, and the problem that they are made from, as the database has it."""
