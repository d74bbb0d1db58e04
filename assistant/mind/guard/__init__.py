"""What is answered with a kind sentence instead of by the model, and what the model may not say."""
