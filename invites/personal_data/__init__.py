"""What becomes of personal data: export it, erase it, and delete it with its import or its organization."""
