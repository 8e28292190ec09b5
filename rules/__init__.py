"""Rules that engineers write: limits, operating states and the rulebook that holds them. No I/O but reading a document."""
