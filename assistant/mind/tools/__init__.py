"""Chooses among skills and actions where no sentence matches: by meaning, then by the model."""
