"""Who may do what: organisations and their API keys."""
