"""The solver of the week: a compiled large-neighbourhood search behind one adapter."""
