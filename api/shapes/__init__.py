"""The bodies and answers of the API, with examples."""
