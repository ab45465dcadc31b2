"""Plain functions that the check and both apps share. Imports the standard library alone."""
