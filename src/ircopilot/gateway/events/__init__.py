"""Events: histograms, pages, counts, what happened around one, and what people note on them."""
