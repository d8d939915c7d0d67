"""The story: which processes, sessions and logins were the attacker's, and what they did."""
