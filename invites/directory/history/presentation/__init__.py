"""The history of a person in the reader's language."""
