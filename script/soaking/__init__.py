"""Hours of conversation: does anything grow, does anything get lost?"""
