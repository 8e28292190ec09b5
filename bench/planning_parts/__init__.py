"""Published planning problems: how they are read, made problems of the search, and checked from their definitions."""
