"""The chdb engine of this process: one fresh session per call, cancellation, and data streamed through a pipe."""

from __future__ import annotations

import fcntl
import itertools
import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from ircopilot.domain.errors import ProblemError
from ircopilot.embedded.eventstore.statement import Guard, Statement, check_settings

DATABASE = "ircopilot"
# Chunks of these formats stand behind one another without a header, so a result can be sent as it is made.
STREAMABLE = frozenset({"native", "tabseparated", "tsv", "csv", "jsoneachrow", "jsoncompacteachrow", "rowbinary"})
_CODE = re.compile(r"Code: (\d+)")
_NAME = re.compile(r"\(([A-Z][A-Z0-9_]+)\)(?: \(version [^)]*\))?\s*$")


class EventStoreInUse(ProblemError):
    """Another process has the event store's directory open."""

    type = "event-store-in-use"
    status = 409
    title = "The event store is already open"


class QueryFailed(Exception):
    """The engine's own error. `code` is ClickHouse's error number."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        found = _CODE.search(message)
        self.code = int(found[1]) if found else 1002


@dataclass(frozen=True, slots=True)
class Limits:
    """What queries may use. `memory` is of the whole process, in bytes, `threads` per query."""

    memory: int = 0
    threads: int = 0
    concurrent: int = 16


NO_LIMITS = Limits()


@dataclass(slots=True, eq=False)
class Running:
    """A call under way: `query_id` as the client named it, `tag` as the engine knows it."""

    query_id: str
    tag: str
    sql: str
    cancelled: bool = False
    done: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True, slots=True)
class Call:
    """A statement with what came along: settings, parameters, the format to answer in."""

    statement: Statement
    format: str = "TabSeparated"
    settings: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    database: str = DATABASE
    query_id: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole result: `body` in the asked format, and the counts for the summary header."""

    body: bytes
    read_rows: int = 0
    written_rows: int = 0


class Engine:
    """Opens `directory` for this process alone and runs calls on it, from any thread."""

    def __init__(self, directory: Path, limits: Limits = NO_LIMITS) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = _take_lock(directory)
        # A relative name: chdb would read "?" and "%" in a path as its own options.
        os.chdir(directory)
        import chdb

        self._connect = cast("Callable[[str], Any]", chdb.connect)
        options = "&".join(f"{k}={v}" for k, v in _server_options(limits).items())
        self._anchor = self._connect(f"store?{options}")
        # The default database shows the file system as tables; a plain one takes its place.
        for sql in (
            "DROP DATABASE IF EXISTS default",
            "CREATE DATABASE IF NOT EXISTS default ENGINE = Memory",
            f"CREATE DATABASE IF NOT EXISTS {DATABASE} ENGINE = Atomic",
            f"USE {DATABASE}",
        ):
            self._anchor.query(sql)
        self.guard = Guard(
            self._names("SELECT name FROM system.table_functions"),
            self._names("SELECT name FROM system.table_engines UNION ALL SELECT name FROM system.database_engines"),
        )
        self._limits = limits
        self._slots = threading.BoundedSemaphore(limits.concurrent)
        self._waiting = threading.BoundedSemaphore(max(1, limits.concurrent // 2))
        self._control = threading.Lock()
        self._running: dict[str, Running] = {}
        self._tags = itertools.count(1)

    def _names(self, sql: str) -> list[str]:
        return str(self._anchor.query(sql, "TabSeparated").bytes().decode()).split()

    def run(self, call: Call, running: Running) -> Answer:
        """The whole result of `call`. Raises `QueryFailed`."""
        with self._session(call, running) as session, _engine_errors():
            result = session.query(call.statement.sql, call.format, params=dict(call.params) or None)
            return Answer(result.bytes() or b"", result.rows_read(), result.rows_written())

    def stream(self, call: Call, running: Running) -> Iterator[bytes]:
        """The result of `call` in pieces, for a format whose pieces stand behind one another."""
        with self._session(call, running) as session, _engine_errors():
            result = session.send_query(call.statement.sql, call.format, params=dict(call.params) or None)
            try:
                while (piece := result.fetch()) is not None:
                    if data := piece.bytes():
                        yield data
            finally:
                result.close()

    def insert(self, call: Call, chunks: Iterable[bytes], running: Running) -> Answer:
        """INSERT … FORMAT: the data arrives in `chunks`. If reading them fails, nothing more is written."""
        with self._session(call, running) as session, _engine_errors():
            with session.send_insert(call.statement.sql, call.statement.format or "Native") as inserter:
                for chunk in chunks:
                    inserter.append(chunk)
                result = inserter.finish()
            return Answer(b"", written_rows=result.rows_written)

    def insert_select(self, call: Call, chunks: Iterable[bytes], running: Running) -> Answer:
        """INSERT … SELECT … FROM input('…') FORMAT X: chdb inserts nothing for input(), so it reads a pipe as a file.

        The data is never written down: it goes from the socket through the pipe into the parser.
        """
        statement = call.statement
        if statement.input_call is None:
            raise QueryFailed("Code: 62. DB::Exception: no input() in the statement. (SYNTAX_ERROR)")
        with self._ahead(chunks) as pieces:
            return self._piped(call, pieces, running, statement.input_call)

    def _piped(
        self, call: Call, chunks: Iterable[bytes], running: Running, input_call: tuple[int, int, int]
    ) -> Answer:  # fmt: skip
        statement = call.statement
        reader, writer = os.pipe()
        pump = _Pump(writer, _framed(chunks), lambda: self.cancel(running))
        begin, end, close = input_call
        source = f"file('/dev/fd/{reader}', '{statement.format}', "
        sql = statement.sql[:begin] + source + statement.sql[end:close] + ", 'lz4'" + statement.sql[close:]
        try:
            with self._session(call, running) as session, _engine_errors():
                pump.start()
                result = session.query(sql, "TabSeparated", params=dict(call.params) or None)
                pump.finish()
                return Answer(b"", result.rows_read(), result.rows_written())
        finally:
            pump.over.set()
            os.close(reader)  # a pump that still writes gets EPIPE and ends
            if pump.ident is None:
                os.close(writer)  # the session refused the statement's settings
            else:
                pump.join()

    @contextmanager
    def _ahead(self, chunks: Iterable[bytes]) -> Iterator[Iterator[bytes]]:
        """The chunks of a statement that may be analysed before its data comes.

        Its data may wait for other statements, which need slots too: beyond half of the slots it is analysed afterwards.
        """
        pieces = iter(chunks)
        if not self._waiting.acquire(blocking=False):
            yield itertools.chain([next(pieces, b"")], pieces)
            return

        def begun() -> Iterator[bytes]:
            for piece in pieces:
                held.close()
                yield piece

        with ExitStack() as held:
            held.callback(self._waiting.release)
            yield begun()

    @contextmanager
    def track(self, query_id: str, sql: str) -> Iterator[Running]:
        """Register a call, so that it can be cancelled by its `query_id` and waited for."""
        running = Running(query_id, f"ircopilot-{os.getpid()}-{next(self._tags)}", sql)
        self._running[running.tag] = running
        try:
            yield running
        finally:
            del self._running[running.tag]
            running.done.set()

    def named(self, query_id: str) -> list[Running]:
        """The calls under way whose client named them `query_id`."""
        return [running for running in list(self._running.values()) if running.query_id == query_id]

    def cancel(self, running: Running) -> bool:
        """Stop a call; its own thread gets error 394. Whether the engine found it: not when it has ended or just begins."""
        running.cancelled = True
        with self._control, suppress(Exception):
            killed = self._anchor.query(
                f"KILL QUERY WHERE Settings['log_comment'] = '{running.tag}' ASYNC", "TabSeparated"
            )
            return bool(killed.bytes())
        return False

    def close(self, patience: float = 1.0) -> None:
        """Cancel whatever runs, wait `patience` seconds for it, close the engine and let go of the directory."""
        for running in (calls := list(self._running.values())):
            self.cancel(running)
        for running in calls:
            running.done.wait(patience)
        if not self._running:
            self._anchor.close()
        os.close(self._lock)

    @contextmanager
    def _session(self, call: Call, running: Running) -> Iterator[Any]:
        check_settings(call.settings)
        with self._slots:
            # A session per call (0.1 ms): its settings and its database cannot leak into the next one.
            session = self._connect("store")
            try:
                settings = dict(self._defaults()) | dict(call.settings) | _ALWAYS | {"log_comment": running.tag}
                with _engine_errors():
                    session.query("SET " + ", ".join(f"{k} = {_quote(v)}" for k, v in settings.items()))
                    session.query(f"USE {_identifier(call.database)}")
                if running.cancelled:
                    raise QueryFailed("Code: 394. DB::Exception: Query was cancelled. (QUERY_WAS_CANCELLED)")
                yield session
            finally:
                session.close()

    def _defaults(self) -> dict[str, str]:
        settings = {
            "max_query_size": str(16 << 20),
            "max_ast_elements": "1000000",
            "max_expanded_ast_elements": "5000000",
        }
        if self._limits.threads:
            settings["max_threads"] = str(self._limits.threads)
        return settings


# VALUES would evaluate expressions, file() among them, that the guard has not seen.
_ALWAYS = {"input_format_values_interpret_expressions": "0", "input_format_values_deduce_templates_of_expressions": "0"}

_FRAME, _BLOCK, _STORED = bytes.fromhex("04224d18607073"), 4 << 20, 1 << 31


def _framed(chunks: Iterable[bytes]) -> Iterator[bytes | memoryview]:
    """The chunks as one LZ4 frame of stored blocks.

    In a plain file chdb seeks over columns that the statement does not name, which fails in a pipe where one lies across
    two of its reads; what is unpacked on the way is never sought in. Source: LZ4 frame format 1.6.
    """
    yield _FRAME
    for chunk in chunks:
        for at in range(0, len(chunk), _BLOCK):
            block = memoryview(chunk)[at : at + _BLOCK]
            yield (len(block) | _STORED).to_bytes(4, "little")
            yield block
    yield bytes(4)


class _Pump(threading.Thread):
    """Writes chunks into a pipe. If the chunks break off, the pipe ends once `broken` says that it did its part, or `over`."""

    def __init__(self, writer: int, chunks: Iterable[bytes | memoryview], broken: Callable[[], bool]) -> None:
        super().__init__(name="eventstore-pump", daemon=True)
        self.over = threading.Event()
        self._writer, self._chunks, self._broken = writer, chunks, broken
        self._error: Exception | None = None

    def run(self) -> None:
        try:
            for chunk in self._chunks:
                view = memoryview(chunk)
                while view:
                    view = view[os.write(self._writer, view) :]
        except BrokenPipeError:
            pass  # the query ended first: with an error of its own, or with LIMIT
        except Exception as error:
            self._error = error
            # The query may not have begun: it must not take the end of the pipe for the end of the data.
            while not self._broken() and not self.over.wait(0.01):
                pass
        finally:
            os.close(self._writer)

    def finish(self) -> None:
        """Raise what broke the chunks off."""
        if self._error is not None:
            raise self._error


def _take_lock(directory: Path) -> int:
    # chdb's own message for a second opener is empty.
    handle = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise EventStoreInUse(
            f"{directory} is open in another process", "stop it with `ircopilot down`, or use another data directory"
        ) from error
    return handle


def _server_options(limits: Limits) -> dict[str, int]:
    options = {"mark_cache_size": 256 << 20, "uncompressed_cache_size": 0, "background_pool_size": 4}
    return options | ({"max_server_memory_usage": limits.memory} if limits.memory else {})


@contextmanager
def _engine_errors() -> Iterator[None]:
    # chdb raises RuntimeError or its own subclass of Exception; both carry ClickHouse's text.
    try:
        yield
    except (QueryFailed, OSError):
        raise
    except Exception as error:
        if type(error) is RuntimeError or type(error).__module__.startswith("chdb"):
            raise QueryFailed(str(error)) from error
        raise


def _quote(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _identifier(name: str) -> str:
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"
