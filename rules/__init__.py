"""Rules that engineers write: limits, operating states, and the rulebook that holds them. No I/O but its file."""
