"""The command line as a person meets it: what it prints, where, and with which exit code."""
