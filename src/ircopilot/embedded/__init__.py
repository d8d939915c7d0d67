"""The embedded stack: a supervisor of the real Postgres, event store, NATS, Redis and vault on one machine."""

from ircopilot.embedded.stack import running_stack, stack_status, start_stack, stop_stack

__all__ = ["running_stack", "stack_status", "start_stack", "stop_stack"]
