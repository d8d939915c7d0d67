"""Measurements: each is set against a floor that is measured in the same run, on the same machine and data."""
