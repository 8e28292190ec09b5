-- The language that somebody reads: chosen by themselves. NULL: as their browser asks, else the plant's.
ALTER TABLE users ADD COLUMN language text CHECK (language ~ '^[a-z]{2,3}$');
