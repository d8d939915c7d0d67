"""The stores of one region, opened together, and the choice of a region for an organisation."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from datetime import UTC, datetime
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from sqlalchemy.exc import OperationalError

from ircopilot.stores.postgres import Database, DatabaseUrls, Tx, migrate
from ircopilot.stores.postgres.errors import DatabaseUnreachable
from ircopilot.stores.postgres.progress import RunEvent, add_run_event
from ircopilot.stores.vault import Vault, open_vault

if TYPE_CHECKING:
    from ircopilot.stores.events import EventStore
    from ircopilot.stores.redis import LiveStore
    from ircopilot.stores.redis_counts import FailureCounts
    from ircopilot.stores.redis_once import OnceStore
    from ircopilot.stores.redis_presence import PresenceRows
    from ircopilot.stores.redis_sessions import SessionRows


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
        """`file:///folder` or `s3://bucket/prefix`."""
        ...

    @property
    def kms_url(self) -> str:
        """Where the organisations' keys are, or empty."""
        ...


class StoreSet:
    """The stores of one region. Redis and ClickHouse are connected to on first use."""

    def __init__(self, urls: StoreUrls) -> None:
        self.urls = urls
        self.database = Database(urls)
        self.vault: Vault = open_vault(urls.vault_url, urls.kms_url)

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
        # redis-py takes 0.3 s to import.
        from ircopilot.stores.redis import LiveStore

        return LiveStore(self.urls.redis_url)

    @cached_property
    def sessions(self) -> SessionRows:
        """Redis: who is signed in."""
        from ircopilot.stores.redis_sessions import SessionRows

        return SessionRows(self.live.client)

    @cached_property
    def failures(self) -> FailureCounts:
        """Redis, and this process: failed attempts to sign in."""
        from ircopilot.stores.redis_counts import FailureCounts

        return FailureCounts(self.live.client)

    @cached_property
    def once(self) -> OnceStore:
        """Redis: challenges."""
        from ircopilot.stores.redis_once import OnceStore

        return OnceStore(self.live.client)

    @cached_property
    def presence(self) -> PresenceRows:
        """Redis: who looks at what."""
        from ircopilot.stores.redis_presence import PresenceRows

        return PresenceRows(self.live.client)

    def tell_progress(self, org_id: str, run_id: str, stage: str, payload: dict[str, Any]) -> int:
        """Add a run event in a transaction of its own and fan it out; its number. Raises `UnknownRun`.

        A Redis that does not answer costs watchers their wake-up, not the event, and never the run.
        """
        with self.database.tenant(org_id) as tx:
            number = add_run_event(tx, run_id, stage, payload)
        event = RunEvent(run_id, number, stage, payload, datetime.now(UTC))
        self.live.publish_run_event(org_id, event)
        return number

    def stores_for(self, org_id: str) -> StoreSet:
        """The stores that hold this organisation's data. There is one region so far; callers ask all the same."""
        return self

    def fenced(self, fence: Callable[[Tx], None]) -> StoreSet:
        """The same stores, where each tenant transaction calls `fence` before it commits. Close the original only."""
        other = copy(self)
        other.events, other.live = self.events, self.live
        other.database = self.database.fenced(fence)
        return other

    def check(self, org_id: str) -> None:
        """Ask database, event store and vault something small; raises what the first one raises that does not answer."""
        self.database.check()
        self.events.execute("SELECT 1")
        self.vault.exists(org_id, "0" * 64)

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

    Raises `UnsafeRole` when the application's or the lobby's role could see every organisation, and
    `DatabaseUnreachable`.
    """
    try:
        migrate(urls)
    except OperationalError as error:
        said = str(error.orig).strip().splitlines()[0][:300]
        raise DatabaseUnreachable(
            said, "see `ircopilot status`, or the server that IRCOPILOT_DATABASE_URL names"
        ) from error
    stores = StoreSet(urls)
    try:
        stores.database.check()
    except BaseException:
        stores.close()
        raise
    return stores
