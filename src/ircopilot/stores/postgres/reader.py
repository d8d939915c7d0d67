"""Reads from an event loop in one round trip: no thread, no transaction left open, rows as the text Postgres sends.

A statement and the organisation it is for go out together, as libpq's pipeline: up to its synchronisation point that is one
transaction, so the organisation holds for that statement and for nothing after it. The connections can only read.
Source: https://www.postgresql.org/docs/current/libpq-pipeline-mode.html
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg import pq
from psycopg.errors import error_from_result
from sqlalchemy import make_url

from ircopilot.domain.errors import UnusableArgument
from ircopilot.stores.postgres.errors import DatabaseUnreachable
from ircopilot.stores.postgres.roles import refuse_bypass

Row = tuple[bytes | None, ...]
Value = str | int | bool | datetime | Sequence[str] | Sequence[int] | None

PATIENCE_S = 30.0
_OPTIONS = "-c timezone=UTC -c default_transaction_read_only=on"
_PREPARED = 200  # statements that a connection keeps; what comes after them is planned each time
_BIND = "SELECT set_config('app.org_id', $1, true)"


class Reader:
    """Connections of one role, all used from one event loop; each is made when it is first wanted.

    Whoever reads as the application names the organisation; the lobby's role has none.
    """

    def __init__(self, url: str, size: int) -> None:
        self._url = make_url(url)
        self._idle: deque[_Line] = deque()
        self._room = asyncio.Semaphore(size)
        self._closed = False

    async def rows(self, org_id: str | None, statement: str, values: Sequence[Value] = ()) -> list[Row]:
        """The rows of a statement with `$1`, `$2`, …; `org_id` None asks as the lobby.

        Raises `DatabaseUnreachable`, `UnsafeRole`, and psycopg's error for a statement that cannot be run.
        """
        bound = [_text(value) for value in values]
        try:
            async with asyncio.timeout(PATIENCE_S), self._room:
                if self._idle:
                    try:
                        return await self._ask(self._idle.pop(), org_id, statement, bound)
                    except psycopg.OperationalError:
                        pass  # it may have ended long ago: a statement that only reads can be asked again
                return await self._ask(await self._connect(), org_id, statement, bound)
        except (psycopg.OperationalError, TimeoutError) as error:
            raise DatabaseUnreachable("the database did not answer", "try again in a moment") from error

    async def close(self) -> None:
        """Close the connections."""
        self._closed = True
        while self._idle:
            self._idle.pop().end()

    async def _ask(self, line: _Line, org_id: str | None, statement: str, bound: list[bytes | None]) -> list[Row]:
        whole = False
        try:
            found = await line.ask(org_id, statement, bound)
            whole = True
        finally:
            if whole and not self._closed:
                self._idle.append(line)
            else:
                line.end()
        return found

    async def _connect(self) -> _Line:
        arguments: dict[str, Any] = dict(self._url.get_dialect()().create_connect_args(self._url)[1])
        return _Line(await asyncio.to_thread(_checked, arguments))


class _Line:
    """One connection in libpq's pipeline mode, asked one thing at a time. After an error it is not used again."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection, self._libpq = connection, connection.pgconn
        self._socket = self._libpq.socket
        self._loop = asyncio.get_running_loop()
        self._names: dict[str, bytes] = {}
        self._answer: asyncio.Future[list[Row]] | None = None
        self._rows: list[Row] = []
        self._failed: psycopg.Error | None = None
        self._libpq.nonblocking = 1
        self._libpq.enter_pipeline_mode()
        self._loop.add_reader(self._socket, self._readable)

    async def ask(self, org_id: str | None, statement: str, bound: list[bytes | None]) -> list[Row]:
        """The statement's rows, seen as that organisation."""
        answer: asyncio.Future[list[Row]] = self._loop.create_future()
        self._answer = answer
        if org_id is not None:
            self._send(_BIND, [org_id.encode()])
        self._send(statement, bound)
        self._libpq.pipeline_sync()
        self._flush()
        return await answer

    def end(self) -> None:
        """Close the connection."""
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        self._answer = None
        self._connection.close()

    def _send(self, statement: str, bound: list[bytes | None]) -> None:
        name = self._names.get(statement)
        if name is None and len(self._names) < _PREPARED:
            name = self._names[statement] = b"read_%d" % len(self._names)
            self._libpq.send_prepare(name, statement.encode())
        if name is None:
            self._libpq.send_query_params(statement.encode(), bound)
        else:
            self._libpq.send_query_prepared(name, bound)

    def _flush(self) -> None:
        if self._libpq.flush():
            self._loop.add_writer(self._socket, self._flush)
        else:
            self._loop.remove_writer(self._socket)

    def _readable(self) -> None:
        try:
            self._libpq.consume_input()
            while self._answer is not None and not self._libpq.is_busy():
                self._take(self._libpq.get_result())
        except psycopg.Error as error:
            self._loop.remove_reader(self._socket)  # what was closed stays readable for ever
            self._failed = error
            self._done()

    def _take(self, result: pq.abc.PGresult | None) -> None:
        if result is None:
            return  # stands between the answers to two statements
        if result.status == pq.ExecStatus.PIPELINE_SYNC:
            self._done()
        elif result.status == pq.ExecStatus.TUPLES_OK:
            columns = range(result.nfields)
            self._rows = [tuple(result.get_value(row, c) for c in columns) for row in range(result.ntuples)]
        elif result.status not in (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.PIPELINE_ABORTED):
            self._failed = error_from_result(result)

    def _done(self) -> None:
        answer, self._answer = self._answer, None
        if answer is None or answer.done():
            return
        if self._failed is None:
            answer.set_result(self._rows)
        else:
            answer.set_exception(self._failed)


def _checked(arguments: dict[str, Any]) -> psycopg.Connection[Any]:
    connection = psycopg.connect(**arguments, options=_OPTIONS, connect_timeout=5)
    try:
        refuse_bypass(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _text(value: Value) -> bytes | None:
    """A value as Postgres reads it. Raises `UnusableArgument` for U+0000, which no text of Postgres holds."""
    if value is None:
        return None
    if isinstance(value, datetime):  # Postgres takes no offset beyond 15:59, RFC 3339 any
        return value.astimezone(UTC).isoformat().encode()
    plain = isinstance(value, str | int)
    text = str(value) if plain else "{" + ",".join(_element(str(item)) for item in value) + "}"  # type: ignore[union-attr]
    if "\0" in text:
        raise UnusableArgument("a text holds U+0000", "leave it out")
    return text.encode()


def _element(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
