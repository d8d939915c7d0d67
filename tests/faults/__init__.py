"""The program under kills, interruptions and hostile evidence, always as the process that a person runs."""
