"""The activity log of an organization: who did what to whom, when, and from where."""
