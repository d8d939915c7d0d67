"""Mappings: declarative tables, original field → ECS column, compiled to SQL that runs in the event store."""
