"""Measures the assistant on this machine; `assistant bench` prints what these return."""
