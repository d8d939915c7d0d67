"""Meaning to claims: computed facts, drafted sentences, and the gate between drafts and what is published."""
