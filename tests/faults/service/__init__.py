"""Faults of the service: its processes and its servers, killed, stopped, emptied and filled in mid-run."""
