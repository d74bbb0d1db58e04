"""Lamps: what tells by light whether the assistant listens, thinks or speaks."""
