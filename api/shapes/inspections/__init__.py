"""Bodies and answers about checklists, rounds and audits."""
