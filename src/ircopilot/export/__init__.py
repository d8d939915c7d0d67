"""Claims → documents: one file per output, and `verify` that checks them."""
