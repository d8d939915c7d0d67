"""Decoders: bytes to located records; one file per framing, each knowing nothing of meaning."""
