"""Scheduling: who does which order when. The problem as plain data, what is allowed, and what it costs."""
