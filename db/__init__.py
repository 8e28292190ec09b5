"""The only room that speaks SQL: migrations, and named queries in files, a function each. The caller commits."""
