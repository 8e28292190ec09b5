"""The version of this code."""

CODE_VERSION = "0.1.0"
"""Stored beside the judge's state, and shown by ``plantwright --version``."""
