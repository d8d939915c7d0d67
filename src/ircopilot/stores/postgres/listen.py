"""Hearing of a commit at once: LISTEN on a connection of its own, beside the pools.

A hint, never the truth: what is missed while the connection is made again is found by looking.
Source: https://www.postgresql.org/docs/current/sql-notify.html
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import make_url

QUIET_S = 20.0  # after that much silence the connection is asked whether it still stands


async def hear(url: str, channel: str) -> AsyncIterator[None]:
    """One item once it listens, then one for each notification. Raises `psycopg.Error` when the connection ends."""
    address = make_url(url)
    # As SQLAlchemy hands it to the driver, so that any URL that works there works here.
    arguments: dict[str, Any] = dict(address.get_dialect()().create_connect_args(address)[1])
    connection = await psycopg.AsyncConnection.connect(**arguments, autocommit=True, connect_timeout=5)
    async with connection:
        await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
        yield
        while True:
            async for _ in connection.notifies(timeout=QUIET_S):
                yield
            await connection.execute("SELECT 1")
