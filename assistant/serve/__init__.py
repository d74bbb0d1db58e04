"""What others may connect to: the control socket and the service manager."""
