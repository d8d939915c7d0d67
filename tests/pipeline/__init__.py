"""The five stages as one: the same evidence gives the same report, whatever the way there."""
