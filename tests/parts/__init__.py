"""Real servers and a real browser for the tests: found, or fetched from Debian's packages."""
