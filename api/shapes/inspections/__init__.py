"""What bodies and answers of checklists, rounds and audits look like."""
