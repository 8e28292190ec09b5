"""From the wire to frames of readings: the subscriber, the payload formats, the replay of recorded files."""
