"""The planners' pages of requests."""
