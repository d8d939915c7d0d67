"""Routes of signing in and out, and of oneself."""
