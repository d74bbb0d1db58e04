"""Frames in, hearing events out: wake word, voice activity, recognition."""
