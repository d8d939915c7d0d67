"""What an incident is made of: pure types and formulas, no I/O."""
