"""The page *Activity*, which shows the activity log of accounts/activity/."""
