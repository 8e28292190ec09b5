"""Solves weekly schedules: a compiled large-neighbourhood search behind one adapter."""
