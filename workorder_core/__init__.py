"""The pure core: the words, the lifecycle, intake, priority and assignment. No clock, no I/O, standard library only."""
