"""Saved filters of lists and timelines."""
