"""What bench.cuts is made of: cases, and bringing them through the main path."""
