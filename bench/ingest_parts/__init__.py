"""What bench.ingest is made of: the wire, the plant, the subjects, and what their processes cost."""
