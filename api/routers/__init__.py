"""The handlers, a file for each noun. Each is one sentence, a call of the core or the database, and an answer."""
