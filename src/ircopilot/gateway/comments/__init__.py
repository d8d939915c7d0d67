"""Comments: threads on anything of an incident."""
