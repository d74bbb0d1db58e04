"""Conversations that compute: people, rooms and faults around the real decider, in virtual time."""
