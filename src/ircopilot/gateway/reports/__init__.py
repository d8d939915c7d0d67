"""Reports in versions: their claims, what people decide on them, and their way from draft to published."""
