"""The web page and its programming interface: a process of its own beside the daemon."""
