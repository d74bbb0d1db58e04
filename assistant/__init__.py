"""An offline voice assistant for small computers that answers at once."""

__version__ = "0.1.0"
