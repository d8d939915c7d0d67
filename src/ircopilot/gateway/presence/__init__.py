"""Presence: who looks at an incident, and who writes which sentence of its report, at this moment."""
