"""A stream of text in, sound out that can stop within one buffer."""
