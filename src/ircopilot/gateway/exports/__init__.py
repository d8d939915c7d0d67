"""Exports: documents made of a report's version, by the export worker."""
