"""What was said in, a stream of text out."""
