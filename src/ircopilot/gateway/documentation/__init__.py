"""The OpenAPI document and a page that shows it, both public: they tell nothing of any organisation."""
