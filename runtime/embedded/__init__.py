"""The database and the broker that plantwright starts itself if none is given."""
