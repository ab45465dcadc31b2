"""The sentences about bulk actions, in the reader's language."""
