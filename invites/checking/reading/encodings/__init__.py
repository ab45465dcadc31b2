"""Find out in which encoding a text is, or in which ones it could be."""
