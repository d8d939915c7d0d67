"""Reading in one round trip: one organisation a statement, no writing, and a connection that ended is made again."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import psycopg
import pytest

from ircopilot.domain.errors import UnusableArgument
from ircopilot.settings import StackUrls
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres.errors import DatabaseUnreachable, UnsafeRole
from ircopilot.stores.postgres.reader import Reader
from stores.seed import seed

Found = TypeVar("Found")
COUNT = "SELECT count(*) FROM incidents"


def reading(url: str, work: Callable[[Reader], Awaitable[Found]], size: int = 1) -> Found:
    async def whole() -> Found:
        reader = Reader(url, size)
        try:
            return await work(reader)
        finally:
            await reader.close()

    return asyncio.run(whole())


def test_a_statement_sees_its_organisation_and_the_next_one_another(stores: StoreSet, stack: StackUrls) -> None:
    orgs = [f"org-{uuid.uuid4()}" for _ in range(2)]
    for org in orgs:
        seed(stores.database, org)

    async def work(reader: Reader) -> list[list[Any]]:
        asked = [orgs[0], orgs[1], f"org-{uuid.uuid4()}", "", None]
        own = "SELECT DISTINCT org_id FROM incidents"
        # By one connection in turn, then by several at once.
        in_turn = [await reader.rows(org, own) for org in asked]
        assert in_turn == await asyncio.gather(*(reader.rows(org, own) for org in asked))
        return in_turn

    told = [[(org.encode(),)] for org in orgs]
    assert reading(stack.database_app_url, work) == [*told, [], [], []]


def test_nothing_can_be_written(stores: StoreSet, stack: StackUrls) -> None:
    org = f"org-{uuid.uuid4()}"
    seed(stores.database, org)

    async def work(reader: Reader) -> None:
        for statement in ("DELETE FROM incidents", "UPDATE incidents SET title = 'x'"):
            with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
                await reader.rows(org, statement)
        with pytest.raises(psycopg.errors.SyntaxError):
            await reader.rows(org, f"{COUNT}; DELETE FROM incidents")
        assert int((await reader.rows(org, COUNT))[0][0] or 0) > 0

    reading(stack.database_app_url, work)


def test_values_arrive_as_they_are(stack: StackUrls) -> None:
    texts = ['a"b', "c\\d", "{e,f}", "NULL", "", "g'h", "ä"]
    when = datetime(2031, 5, 1, 10, 0, 0, 120_000, tzinfo=UTC)

    async def work(reader: Reader) -> list[Any]:
        found = await reader.rows(None, "SELECT unnest($1::text[])", [texts])
        assert [row[0].decode() for row in found if row[0] is not None] == texts
        with pytest.raises(UnusableArgument):
            await reader.rows(None, "SELECT $1::text", ["a\0b"])
        many = "SELECT $1::int, $2::bool, $3::timestamptz, $4::text, array_length($5::int[], 1)"
        return await reader.rows(None, many, [7, True, when, None, [1, 2, 3]])

    assert reading(stack.database_app_url, work) == [(b"7", b"t", b"2031-05-01 10:00:00.12+00", None, b"3")]


def test_more_statements_than_are_kept_are_answered_too(stack: StackUrls) -> None:
    async def work(reader: Reader) -> list[Any]:
        return [(await reader.rows(None, f"SELECT {n}"))[0][0] for n in range(230)]

    assert reading(stack.database_lobby_url, work) == [str(n).encode() for n in range(230)]


def test_a_connection_that_ended_is_made_again(stack: StackUrls) -> None:
    itself = stack.database_app_url.replace("+psycopg", "")

    async def work(reader: Reader) -> tuple[Any, Any]:
        first = (await reader.rows(None, "SELECT pg_backend_pid()"))[0][0]

        def end() -> None:
            with psycopg.connect(itself, autocommit=True) as connection:
                connection.execute("SELECT pg_terminate_backend(%s, 5000)", (int(first or 0),))

        await asyncio.to_thread(end)
        return first, (await reader.rows(None, "SELECT pg_backend_pid()"))[0][0]

    before, after = reading(stack.database_app_url, work)
    assert before != after


def test_who_stops_waiting_leaves_nothing_behind(stack: StackUrls) -> None:
    async def work(reader: Reader) -> Any:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await reader.rows(None, "SELECT 'late', pg_sleep(1)")
        return await reader.rows(None, "SELECT 'mine'")

    assert reading(stack.database_app_url, work) == [(b"mine",)]


def test_who_could_bypass_is_refused_and_who_is_not_there_is_unreachable(stack: StackUrls) -> None:
    with pytest.raises(UnsafeRole):
        reading(stack.database_owner_url, lambda reader: reader.rows(None, "SELECT 1"))
    nowhere = stack.database_app_url.replace("ircopilot_app", "ircopilot_nobody", 1)
    with pytest.raises(DatabaseUnreachable):
        reading(nowhere, lambda reader: reader.rows(None, "SELECT 1"))
