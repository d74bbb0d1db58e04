"""The assistant as a service of systemd: which files that takes, how they are changed safely."""
