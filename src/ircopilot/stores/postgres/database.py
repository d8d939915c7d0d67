"""Connections to Postgres: one transaction per message or request, bound to one organisation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, bindparam, create_engine, event, func, select

from ircopilot.domain.errors import UnusableArgument
from ircopilot.stores.postgres.held import held_transaction
from ircopilot.stores.postgres.json_text import dump_json, load_json
from ircopilot.stores.postgres.roles import refuse_bypass
from ircopilot.stores.postgres.tx import Tx

__all__ = ["Database", "DatabaseUrls", "Tx"]

# A process stopped in the middle of a transaction (SIGSTOP, a frozen machine) must not keep others off its rows for good.
IDLE_S = 30

# Made once: to make a statement costs more than to run it.
_BIND = select(func.set_config("app.org_id", bindparam("org"), True))
_BIND_ACCOUNT = select(func.set_config("app.account_id", bindparam("account"), True))
_SEEK = select(func.set_config(bindparam("name"), bindparam("value"), True))


class DatabaseUrls(Protocol):
    """The part of the settings that names the database, once per login role."""

    @property
    def database_owner_url(self) -> str:
        """Of the role that owns the tables; migrations only."""
        ...

    @property
    def database_app_url(self) -> str:
        """Of the role that sees one organisation per transaction."""
        ...

    @property
    def database_lobby_url(self) -> str:
        """Of the role for what comes before an organisation is known."""
        ...


class Database:
    """Two pools, one per role. A connection whose role could bypass row-level security is refused when it is made."""

    def __init__(self, urls: DatabaseUrls) -> None:
        self._app = _engine(urls.database_app_url, size=8)
        self._lobby = _engine(urls.database_lobby_url, size=2)
        self._fence: Callable[[Tx], None] = lambda _: None

    def fenced(self, fence: Callable[[Tx], None]) -> Database:
        """The same pools, where each tenant transaction calls `fence` before it commits; what it raises rolls back."""
        other = copy(self)
        other._fence = fence
        return other

    @contextmanager
    def tenant(self, org_id: str, account_id: str = "") -> Iterator[Tx]:
        """A transaction that sees the rows of `org_id` and no others; commits unless the block raises.

        Within a request that holds one (`held`), it is a part of that. With `account_id` it sees that person's password
        and factors as well, and is one of its own.
        """
        if not org_id:
            raise UnusableArgument("no organisation was named")
        held = None if account_id else held_transaction(org_id)
        with self._own(org_id, account_id) if held is None else held.part(self._own) as tx:
            yield tx

    @contextmanager
    def _own(self, org_id: str, account_id: str = "") -> Iterator[Tx]:
        with self._app.begin() as connection:
            # Bound to the transaction: a pooled connection goes back without an organisation.
            connection.execute(_BIND, {"org": org_id})
            if account_id:
                connection.execute(_BIND_ACCOUNT, {"account": account_id})
            tx = Tx(org_id, connection)
            yield tx
            for work, items in tx.late.values():
                if items:
                    work(tx, items)
            self._fence(tx)

    @contextmanager
    def person(self, account_id: str) -> Iterator[Connection]:
        """A transaction that sees the rows of one account, of no organisation; commits unless the block raises."""
        if not account_id:
            raise UnusableArgument("no account was named")
        with self._app.begin() as connection:
            connection.execute(_BIND_ACCOUNT, {"account": account_id})
            yield connection

    @contextmanager
    def lobby(self, **seek: str) -> Iterator[Connection]:
        """A transaction of the lobby's role, which sees what is needed before an organisation is known.

        `seek` names what it looks for: `email`, `account_id`, `invitation_id` or `provider_id`. Of people, members,
        invitations and providers it sees the named one's rows alone.
        """
        with self._lobby.begin() as connection:
            for name, value in seek.items():
                connection.execute(_SEEK, {"name": f"app.{name}", "value": value})
            yield connection

    @contextmanager
    def session(self) -> Iterator[Connection]:
        """A connection outside any transaction, without an organisation: for session-level locks, it sees no row."""
        with self._app.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            yield connection

    def check(self) -> None:
        """Connect once as each role. Raises `UnsafeRole` when one of them could bypass row-level security."""
        for engine in (self._app, self._lobby):
            with engine.connect():
                pass

    def close(self) -> None:
        """Close both pools."""
        self._app.dispose()
        self._lobby.dispose()


def _engine(url: str, size: int) -> Engine:
    engine = create_engine(
        url,
        pool_size=2 * size,
        max_overflow=0,  # what overflows is closed when it comes back, and to make a connection takes milliseconds
        pool_pre_ping=True,
        connect_args={"options": f"-c timezone=UTC -c idle_in_transaction_session_timeout={IDLE_S}s"},
        json_serializer=dump_json,
        json_deserializer=load_json,
        hide_parameters=True,
    )
    event.listen(engine, "connect", _refuse_bypass)
    return engine


def _refuse_bypass(connection: Any, _record: object) -> None:
    refuse_bypass(connection)
