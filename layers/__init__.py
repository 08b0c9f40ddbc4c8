"""What can be seen, read only: one file a visible thing."""
