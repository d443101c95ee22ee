"""The machine: files, signals, memory, cores. Knows nothing of pictures."""
