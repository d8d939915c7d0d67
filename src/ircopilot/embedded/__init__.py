"""The embedded stack: a supervisor of the real Postgres, event store, NATS, Redis and vault on one machine."""
