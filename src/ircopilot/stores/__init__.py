"""Stores: the adapters to Postgres, ClickHouse, NATS, Redis and the vault. SQL is run in this package alone."""

from ircopilot.stores.store_set import StoreSet, StoreUrls, open_stores

__all__ = ["StoreSet", "StoreUrls", "open_stores"]
