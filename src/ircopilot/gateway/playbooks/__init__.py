"""Playbooks: templates of actions, in versions, applied to incidents."""
