"""Events as they happen, for who stays connected: one listener a process, and a stream for each."""
