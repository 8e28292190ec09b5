"""Requests by API: made, listed, decided."""
