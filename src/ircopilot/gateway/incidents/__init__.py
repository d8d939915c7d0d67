"""Incidents: open, list, change, close, merge, restrict."""
