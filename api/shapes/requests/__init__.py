"""Bodies and answers about requests."""
