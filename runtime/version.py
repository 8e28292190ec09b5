"""Which code this is."""

CODE_VERSION = "0.1.0"
"""Written beside what the judge stores, and shown by ``plantwright --version``."""
