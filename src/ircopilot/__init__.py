"""Incident Response Copilot: evidence in, a cited report out."""

__version__ = "0.1.0"
