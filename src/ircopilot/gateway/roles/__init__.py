"""What each role may in the organisation."""
