"""The orchestrator: runs over gRPC, the relay from the outbox to the bus, and the sweep. Transport only."""
