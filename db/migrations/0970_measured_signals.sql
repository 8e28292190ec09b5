-- People measure signals of every name that a signal can have: with colons, slashes, spaces, up to 128 characters.
ALTER TABLE entered_readings DROP CONSTRAINT entered_readings_signal_check;
ALTER TABLE entered_readings ADD CONSTRAINT entered_readings_signal_check
    CHECK (signal ~ '^[A-Za-z0-9][A-Za-z0-9_.:/ -]{0,127}$');
