-- A downtime whose end nobody knows yet has none: it lasts until it is taken back. A far date would have to be guessed.
ALTER TABLE planned_downtimes ALTER COLUMN ends_at DROP NOT NULL;
