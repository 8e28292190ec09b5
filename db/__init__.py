"""The only room that speaks SQL: migrations, and named queries in files, one function each. The caller commits."""

from db.timestamps import read_in_utc

read_in_utc()
