"""Help from a larger model on another machine: what goes out, when, and what comes back."""
