"""What the owner's documents say, found by words and by meaning, on the device."""
