"""Who the assistant is: name, prompts, greetings, voice and what goes with them, from one file."""
