"""Bodies and answers of schedules."""
