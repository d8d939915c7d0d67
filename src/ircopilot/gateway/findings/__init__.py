"""Findings of a report's version, with what analysts say of them; cited records; graph and process tree."""
