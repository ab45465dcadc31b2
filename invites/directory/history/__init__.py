"""What happened to a person: the page of a member and of an invitation shows it, newest first."""
