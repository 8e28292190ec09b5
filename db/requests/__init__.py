"""Requests: stored, decided, and erased."""
