"""What is answered exactly, before the language model would begin: skills."""
