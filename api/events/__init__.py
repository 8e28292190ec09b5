"""The live stream of events: one listener per process, and a stream for each reader."""
