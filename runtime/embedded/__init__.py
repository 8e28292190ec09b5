"""The database and the broker that plantwright starts itself where none is given."""
