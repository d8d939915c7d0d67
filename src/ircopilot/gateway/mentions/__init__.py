"""Comments that name the caller."""
