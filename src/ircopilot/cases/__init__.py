"""The work around an incident: who sees it, its fields, comments, actions, playbooks, saved filters, its feed."""
