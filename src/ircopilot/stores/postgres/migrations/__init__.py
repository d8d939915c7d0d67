"""Alembic's folder: the schema's history, shipped in the package. The owner role alone runs it, by `migrate`."""
