"""What ``./run bench fuzz`` is made of: messages that are known by what must become of them, and errors to inject."""
