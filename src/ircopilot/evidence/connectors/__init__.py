"""Connectors: where evidence is fetched from; none yet, evidence is given as files."""
