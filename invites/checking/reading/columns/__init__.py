"""Find out which columns a file has, and what they mean."""
