"""The stores of one region, opened together, and the choice of a region for an organisation."""

from __future__ import annotations

from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from ircopilot.stores.postgres import Database, DatabaseUrls, migrate
from ircopilot.stores.redis import LiveStore
from ircopilot.stores.vault import Vault, open_vault

if TYPE_CHECKING:
    from ircopilot.stores.events import EventStore


class StoreUrls(DatabaseUrls, Protocol):
    """Where the stores are; `settings.StackUrls` is one."""

    @property
    def clickhouse_url(self) -> str:
        """`http://user:password@host:port/database`."""
        ...

    @property
    def nats_url(self) -> str:
        """`nats://host:port`."""
        ...

    @property
    def nats_token(self) -> str:
        """Token of the NATS server, or empty."""
        ...

    @property
    def redis_url(self) -> str:
        """`redis://…` or `unix:///socket`."""
        ...

    @property
    def vault_url(self) -> str:
        """`file:///folder`."""
        ...


class StoreSet:
    """The stores of one region. Redis and ClickHouse are connected to on first use."""

    def __init__(self, urls: StoreUrls) -> None:
        self.urls = urls
        self.database = Database(urls)
        self.vault: Vault = open_vault(urls.vault_url)

    @cached_property
    def events(self) -> EventStore:
        """The event store, its schema in place."""
        from ircopilot.stores.events import EventStore

        store = EventStore(self.urls.clickhouse_url)
        store.ensure_schema()
        return store

    @cached_property
    def live(self) -> LiveStore:
        """Redis: progress and cache."""
        return LiveStore(self.urls.redis_url)

    def stores_for(self, org_id: str) -> StoreSet:
        """The stores that hold this organisation's data. There is one region so far; callers ask all the same."""
        return self

    def close(self) -> None:
        """Close every connection."""
        self.database.close()
        for name in ("live", "events"):
            close = getattr(self.__dict__.get(name), "close", None)
            if close is not None:
                close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def open_stores(urls: StoreUrls) -> StoreSet:
    """Migrate, check that no role can bypass row-level security, and hand over the stores.

    Raises `UnsafeRole` when the application's or the lobby's role could see every organisation.
    """
    migrate(urls)
    stores = StoreSet(urls)
    try:
        stores.database.check()
    except BaseException:
        stores.close()
        raise
    return stores
