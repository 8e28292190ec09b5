"""Rules that engineers write: limits, operating states, and the rulebook that contains them. No I/O but its file."""
