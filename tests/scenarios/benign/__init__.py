"""Days on which nothing happened: what must accuse nobody, alone or around an incident."""
