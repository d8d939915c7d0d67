"""Actions: what is to be done about an incident, and what was done."""
