"""Routes of the caller's organisation: its settings, members, invitations, keys and sign-in providers."""
