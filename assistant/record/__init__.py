"""Turns that were kept whole, sound, events and decisions, and are run again."""
