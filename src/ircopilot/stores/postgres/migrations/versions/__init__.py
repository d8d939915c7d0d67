"""One file per change of the schema, each with its row-level security."""
