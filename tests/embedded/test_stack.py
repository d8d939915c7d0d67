"""The stack: started, joined, killed, started again. Every test has data directories of its own."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import clickhouse_connect
import nats
import psutil
import psycopg
import pytest
import redis
from nats.aio.client import Client
from tests.prepared import prepare

from ircopilot.embedded import running_stack, stack_status, start_stack, stop_stack
from ircopilot.embedded.errors import StackFailed, StackGone
from ircopilot.embedded.postgres import find_installation
from ircopilot.settings import StackUrls

PARTS = {"supervisor", "postgres", "eventstore", "nats", "redis"}


@pytest.fixture(autouse=True)
def _no_external_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("IRCOPILOT_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def fresh() -> Iterator[Path]:
    """Nothing is there yet."""
    with tempfile.TemporaryDirectory(prefix="irc-", ignore_cleanup_errors=True) as name:
        yield Path(name) / "data"
        stop_stack(Path(name) / "data")


@pytest.fixture
def data(fresh: Path) -> Path:
    """As an earlier stack left it."""
    fresh.parent.chmod(0o711)
    return prepare(fresh)


def pids(data: Path) -> dict[str, int]:
    return {part.name: part.pid for part in stack_status(data) if part.state == "running"}


def wait_until_gone(found: dict[str, int], patience: float = 5) -> None:
    deadline = time.monotonic() + patience
    while living := {name for name, pid in found.items() if alive(pid)}:
        assert time.monotonic() < deadline, f"still there: {living}"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def plain(url: str) -> str:
    return url.replace("+psycopg", "", 1)


def keep(urls: StackUrls, value: str) -> None:
    """Leave a mark in every part that stores something."""
    with psycopg.connect(plain(urls.database_owner_url)) as database:
        database.execute("CREATE TABLE IF NOT EXISTS mark (value text)")
        database.execute("INSERT INTO mark VALUES (%s)", [value])
    with clickhouse_connect.get_client(dsn=urls.clickhouse_url) as events:
        events.command("CREATE TABLE IF NOT EXISTS mark (value String) ENGINE = MergeTree ORDER BY value")
        events.insert("mark", [[value]], column_names=["value"])
    with redis.Redis.from_url(urls.redis_url) as cache:
        cache.set("mark", value)


def kept(urls: StackUrls) -> tuple[Any, ...]:
    with psycopg.connect(plain(urls.database_owner_url)) as database:
        row = database.execute("SELECT value FROM mark").fetchone()
    with clickhouse_connect.get_client(dsn=urls.clickhouse_url) as events:
        found = events.query("SELECT value FROM mark").result_rows
    with redis.Redis.from_url(urls.redis_url, decode_responses=True) as cache:
        return row and row[0], found, cache.get("mark")


def kept_when_ready(urls: StackUrls, deadline: float) -> tuple[Any, ...]:
    """A part that came back may still be recovering, and says so."""
    while True:
        try:
            return kept(urls)
        except (psycopg.OperationalError, clickhouse_connect.driver.exceptions.Error, redis.ConnectionError):
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_starts_everything_and_leaves_nothing(fresh: Path) -> None:
    data = fresh
    with running_stack(data) as urls:
        found = pids(data)
        assert set(found) == PARTS
        sockets = Path(json.loads((data / "run" / "stack.json").read_bytes())["sockets"])
        assert sockets.is_dir()
        assert "token_urlsafe" not in repr(urls)
        assert urls.nats_token not in repr(urls)
        for path in [data / "keys" / "stack.json", data / "run" / "stack.json"]:
            assert path.stat().st_mode & 0o077 == 0
    wait_until_gone(found, 0.5)
    assert stack_status(data) == []
    assert not sockets.exists()


def test_roles_have_no_more_than_they_need(data: Path) -> None:
    query = "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname LIKE 'ircopilot%'"
    with running_stack(data) as urls:
        with psycopg.connect(plain(urls.database_app_url)) as database:
            roles = {name: any(rights) for name, *rights in database.execute(query).fetchall()}
            extension = database.execute("SELECT 1 FROM pg_extension WHERE extname = 'vector'").fetchone()
        assert roles.pop("ircopilot_super")
        assert roles == {"ircopilot_owner": False, "ircopilot_app": False, "ircopilot_lobby": False}
        assert extension == (1,)
        for wrong in (
            plain(urls.database_app_url).replace("ircopilot_app:", "ircopilot_app:x", 1),
            plain(urls.database_app_url).replace("ircopilot_app:", "ircopilot_owner:", 1),
        ):
            with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
                psycopg.connect(wrong)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a second account")
def test_the_superuser_is_reached_by_its_peer_only(data: Path) -> None:
    with running_stack(data) as urls:
        sockets = urls.database_app_url.rpartition("host=")[2].replace("%2F", "/")
        Path(sockets).chmod(0o755)  # even if the folder and the socket let others in
        (Path(sockets) / ".s.PGSQL.5432").chmod(0o777)
        psql = str(find_installation() / "bin" / "psql")
        other = subprocess.run(
            [psql, "-h", sockets, "-U", "ircopilot_super", "-c", "SELECT 1", "ircopilot"],
            user="daemon", group="daemon", extra_groups=[], capture_output=True, text=True, cwd="/", check=False,
        )  # fmt: skip
        assert "Peer authentication failed" in other.stderr
        assert other.returncode != 0
        with psycopg.connect(host=sockets, user="ircopilot_super", dbname="ircopilot") as database:
            assert database.execute("SELECT current_setting('fsync')").fetchone() == ("on",)


async def _round_trip(urls: StackUrls) -> int:
    connection = await nats.connect(urls.nats_url, token=urls.nats_token)
    stream = connection.jetstream()
    await stream.add_stream(name="TEST", subjects=["test.*"])
    acknowledged = await stream.publish("test.one", b"x")
    await connection.close()
    return acknowledged.seq


def test_nats_keeps_streams_and_wants_its_token(data: Path) -> None:
    import asyncio

    with running_stack(data) as urls:
        assert asyncio.run(_round_trip(urls)) == 1

        async def refused(_: Exception) -> None:
            return None

        async def wrong() -> None:
            client = Client()
            try:
                await client.connect(urls.nats_url, token="wrong", allow_reconnect=False, error_cb=refused)
            finally:
                await client.close()

        with pytest.raises(Exception, match=r"(?i)authorization"):
            asyncio.run(wrong())
    with running_stack(data) as urls:
        assert asyncio.run(_round_trip(urls)) == 2


@pytest.mark.parametrize("whom", ["supervisor", "all"])
def test_kill_9_loses_nothing_and_does_not_stop_the_next_start(data: Path, whom: str) -> None:
    with pytest.raises(StackGone), running_stack(data) as urls:
        keep(urls, "before")
        time.sleep(1.1)  # Redis syncs its log every second
        found = pids(data)
        for pid in found.values() if whom == "all" else [found["supervisor"]]:
            os.kill(pid, signal.SIGKILL)
        wait_until_gone(found)
        raise RuntimeError("what a client sees of it")
    assert (data / "run" / "stack.json").exists()
    assert stack_status(data) == []
    with running_stack(data) as urls:
        assert kept(urls) == ("before", [("before",)], "before")


def test_stale_files_that_name_strangers_are_no_obstacle(data: Path) -> None:
    with running_stack(data):
        pass
    # What a machine that lost its power leaves: process ids that belong to somebody else by now.
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        cluster = next(data.glob("postgres-*"))
        (cluster / "postmaster.pid").write_text(f"{stranger.pid}\n{cluster}\n1\n5432\n/gone\n\n0 0\nready\n")
        os.chown(cluster / "postmaster.pid", cluster.stat().st_uid, cluster.stat().st_gid)
        state = {"control": "/gone/control", "sockets": "/gone", "pid": stranger.pid, "children": [[stranger.pid, 1.0]]}
        (data / "run" / "stack.json").write_text(json.dumps(state))
        with running_stack(data):
            assert set(pids(data)) == PARTS
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_start_that_was_killed_in_the_middle_is_made_good(fresh: Path) -> None:
    data = fresh
    half = data / "postgres-18.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    with running_stack(data) as urls:
        keep(urls, "x")
    assert not half.exists()


CLIENT = """
import sys, time
from pathlib import Path
from ircopilot.embedded import running_stack, stack_status
with running_stack(Path(sys.argv[1])) as urls:
    print(urls.clickhouse_url, next(p.pid for p in stack_status(Path(sys.argv[1]))), flush=True)
    sys.stdin.readline()
"""


def start_client(data: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CLIENT, str(data)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def said(client: subprocess.Popen[str]) -> str:
    assert client.stdout is not None
    return client.stdout.readline().strip()


def finish(client: subprocess.Popen[str]) -> None:
    client.communicate("\n", timeout=20)
    assert client.returncode == 0


def test_two_that_start_at_once_share_one_stack_until_the_last_leaves(data: Path) -> None:
    first, second = start_client(data), start_client(data)
    answers = said(first), said(second)
    assert answers[0] == answers[1] != ""
    found = pids(data)
    finish(first)
    assert pids(data) == found
    with clickhouse_connect.get_client(dsn=answers[0].split()[0]) as events:
        assert events.command("SELECT 1") == 1
    finish(second)
    wait_until_gone(found, 0.5)


def test_a_client_that_is_killed_leaves_nothing_behind(data: Path) -> None:
    client = start_client(data)
    said(client)
    found = pids(data)
    client.kill()
    client.communicate()
    wait_until_gone(found)


def test_up_stays_and_down_ends_it(data: Path) -> None:
    reader, writer = os.pipe()
    os.set_inheritable(writer, True)
    urls = start_stack(data)
    os.close(writer)
    assert select.select([reader], [], [], 0)[0], "the stack holds nothing that its starter had open"
    os.close(reader)
    found = pids(data)
    with running_stack(data) as joined:
        assert joined == urls
    assert pids(data) == found
    assert stop_stack(data)
    wait_until_gone(found, 0.5)
    assert not stop_stack(data)


def test_two_data_directories_do_not_touch(data: Path) -> None:
    other = data.with_name("other data? 50% 'quoted' " + "long" * 30)
    with running_stack(data) as one, running_stack(other) as two:
        keep(one, "one")
        keep(two, "two")
        assert not set(pids(data).values()) & set(pids(other).values())
        assert kept(one) == ("one", [("one",)], "one")
        assert kept(two) == ("two", [("two",)], "two")
        given = [{v for v in urls.model_dump().values() if v} for urls in (one, two)]
        assert len(given[0]) > 5
        assert not given[0] & given[1]


def test_parts_that_die_come_back_at_their_addresses(data: Path) -> None:
    with running_stack(data) as urls:
        keep(urls, "x")
        before = pids(data)
        for name in PARTS - {"supervisor"}:
            os.kill(before[name], signal.SIGKILL)
        deadline = time.monotonic() + 30
        while set(pids(data)) < PARTS or set(pids(data).values()) & set(before.values()) != {before["supervisor"]}:
            assert time.monotonic() < deadline, stack_status(data)
            time.sleep(0.02)
        with running_stack(data) as again:
            assert again == urls
        assert kept_when_ready(urls, deadline)[:2] == ("x", [("x",)])


def test_external_servers_replace_the_children(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = data.with_name("served")
    with running_stack(data) as theirs:
        monkeypatch.setenv("IRCOPILOT_CLICKHOUSE_URL", theirs.clickhouse_url)
        monkeypatch.setenv("IRCOPILOT_REDIS_URL", theirs.redis_url)
        monkeypatch.setenv("IRCOPILOT_VAULT_URL", "s3://bucket/prefix")
        with running_stack(other) as urls:
            assert set(pids(other)) == {"supervisor", "postgres", "nats"}
            assert (urls.clickhouse_url, urls.redis_url) == (theirs.clickhouse_url, theirs.redis_url)
            assert urls.vault_url == "s3://bucket/prefix"
            assert urls.database_app_url != theirs.database_app_url
        monkeypatch.setenv("IRCOPILOT_NATS_URL", theirs.nats_url)
        for role in ("", "APP_", "LOBBY_"):
            url = getattr(theirs, f"database_{role.lower() or 'owner_'}url")
            monkeypatch.setenv(f"IRCOPILOT_DATABASE_{role}URL", plain(url))
        with running_stack(other) as urls:
            assert stack_status(other) == []
            assert urls.database_app_url == theirs.database_app_url


def test_roles_on_an_external_database(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = data.with_name("served")
    with running_stack(data) as theirs:
        sockets = theirs.database_app_url.rpartition("host=")[2]
        monkeypatch.setenv("IRCOPILOT_DATABASE_URL", f"postgresql://ircopilot_super@/ircopilot?host={sockets}")
        with pytest.raises(StackFailed, match="password authentication failed"), running_stack(other):
            pass  # the roles exist with passwords that are not ours: they are left alone
        with psycopg.connect(plain(theirs.database_app_url)):
            pass
        with psycopg.connect(host=sockets.replace("%2F", "/"), user="ircopilot_super", dbname="ircopilot") as database:
            for role in ("app", "lobby"):
                database.execute(f"ALTER ROLE ircopilot_{role} RENAME TO former_{role}")
        for _ in range(2):
            with running_stack(other) as urls:
                assert "postgres" not in pids(other)
                with psycopg.connect(plain(urls.database_app_url)) as database:
                    assert database.execute("SELECT current_user").fetchone() == ("ircopilot_app",)


def test_an_unusable_directory_is_said_clearly(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StackFailed, match="cannot be used"), running_stack(tmp_path / "file" / "data"):
        pass


def test_a_part_that_cannot_start_is_said_clearly(fresh: Path) -> None:
    data = fresh
    (data / "events").mkdir(parents=True)
    (data / "events" / "store").write_text("in the way")
    with pytest.raises(StackFailed, match="eventstore"), running_stack(data):
        pass
    deadline = time.monotonic() + 5
    while stack_status(data) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert stack_status(data) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands Postgres to another account")
def test_a_private_folder_for_temporary_files_is_no_obstacle(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = tmp_path / "t"
    private.mkdir(mode=0o700)
    monkeypatch.setenv("TMPDIR", str(private))
    monkeypatch.setattr(tempfile, "tempdir", None)
    with running_stack(data):
        assert set(pids(data)) == PARTS
