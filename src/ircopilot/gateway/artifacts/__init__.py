"""Artifacts: what they are, how they were read, who had them in hand, and their bytes."""
