"""`assistant run` as a process: its daemon, its keys, and what is seen of it."""
