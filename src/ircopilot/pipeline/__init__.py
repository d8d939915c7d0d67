"""The five stages and their order; what `investigate` and the workers both call."""
