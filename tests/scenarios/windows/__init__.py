"""Windows incidents made up after publicly known emulations, each in another layout, with their truths."""
