"""Playbooks that come with the program, one YAML file each; its `version` grows when it is changed."""
