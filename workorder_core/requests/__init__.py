"""Requests of people: their life, similar ones that are known already, what happens if somebody is in danger."""
