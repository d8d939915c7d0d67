"""Small invented incidents, told and scored: Linux hosts and AWS accounts, each with ordinary life around the attack."""
