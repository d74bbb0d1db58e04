"""Bytes that nobody meant, for every parser that takes what comes from outside."""
