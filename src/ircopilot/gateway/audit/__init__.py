"""The audit log: read, export, what was signed."""
