"""ClickHouse's HTTP interface, as much as `clickhouse-connect` uses. Source: clickhouse.com/docs, HTTP interface."""

from __future__ import annotations

import base64
import hmac
import itertools
import json
import re
import socket
import sys
import threading
import time
import traceback
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ircopilot.embedded.eventstore import body as bodies
from ircopilot.embedded.eventstore.engine import DATABASE, STREAMABLE, Answer, Call, Engine, QueryFailed, Running
from ircopilot.embedded.eventstore.statement import Denied, Statement
from ircopilot.embedded.eventstore.tokens import Token

MAX_STATEMENT = 64 << 20
HEAD = 256 << 10
BUFFER = 4 << 20
# What the HTTP interface takes for itself; every other parameter is a setting.
TRANSPORT = frozenset(
    [
        "query",
        "database",
        "session_id",
        "session_timeout",
        "session_check",
        "query_id",
        "quota_key",
        "compress",
        "decompress",
        "wait_end_of_query",
        "client_protocol_version",
        "role",
        "send_progress_in_http_headers",
        "http_headers_progress_interval_ms",
        "default_format",
        "enable_http_compression",
        "buffer_size",
        "user",
        "password",
        "cancel_http_readonly_queries_on_client_close",
    ]
)
_SETTING = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


class EventStoreServer(ThreadingHTTPServer):
    """Serves one engine on a loopback port, behind one name and password."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, engine: Engine, port: int, user: str, password: str) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.engine = engine
        self.credentials = (user.encode(), password.encode())
        self.waiting: dict[Running, socket.socket] = {}
        threading.Thread(target=self._watch_clients, name="eventstore-watch", daemon=True).start()

    def allows(self, user: bytes, password: bytes) -> bool:
        """Whether name and password are right, found out in constant time."""
        right = [hmac.compare_digest(*pair) for pair in zip((user, password), self.credentials, strict=True)]
        return all(right)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing when a client goes away in the middle; anything else is a fault of ours, told in full."""
        if not isinstance(sys.exc_info()[1], OSError):
            traceback.print_exc(file=sys.stderr)

    def _watch_clients(self) -> None:
        # Cancels what nobody waits for any more, until it has ended: a call that just begins cannot be found yet.
        # Looks, without taking, whether the client has closed its side.
        while True:
            time.sleep(0.2)
            for running, client in list(self.waiting.items()):
                with suppress(BlockingIOError, InterruptedError):
                    try:
                        gone = not client.recv(1, socket.MSG_PEEK)
                    except BlockingIOError:
                        raise
                    except OSError:
                        gone = True
                    if gone:
                        self.engine.cancel(running)


class Handler(BaseHTTPRequestHandler):
    """One client connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # without TCP_NODELAY every call costs 44 ms
    wbufsize = 1 << 16
    rbufsize = 1 << 18
    timeout = 600
    server: EventStoreServer

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Nothing: statements hold evidence, and evidence does not belong in logs."""

    def do_GET(self) -> None:
        """/ping answers anybody; the rest is a query."""
        if urlsplit(self.path).path == "/ping":
            self._send(200, b"Ok.\n")
        else:
            self._serve()

    def do_POST(self) -> None:
        """A query, or an insert with its data."""
        self._serve()

    def _serve(self) -> None:
        query = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        if not self._authorized(query):
            self.close_connection = True
            self._send_error(516, "AUTHENTICATION_FAILED", "Authentication failed: wrong name or password", status=403)
            return
        chunks: Iterator[bytes] = iter(())
        try:
            chunks = bodies.decoded_chunks(
                bodies.framed_chunks(self.rfile, self.headers),
                self.headers.get("Content-Encoding"),
            )
            self._run(query, chunks)
            for _ in chunks:
                pass
        except Denied as error:
            self.close_connection = True
            self._send_error(error.code, error.name, str(error))
        except QueryFailed as error:
            self.close_connection |= not _exhausted(chunks)
            self._send(500, f"{error}\n".encode(), {"X-ClickHouse-Exception-Code": str(error.code)})
        except (bodies.BrokenBody, bodies.BodyTooLarge, UnicodeDecodeError) as error:
            self.close_connection = True
            self._send_error(getattr(error, "code", 1000), "BAD_REQUEST", str(error), status=400)

    def _run(self, query: dict[str, str], chunks: Iterator[bytes]) -> None:
        if "multipart/form-data" in (self.headers.get("Content-Type") or ""):
            query |= bodies.form_fields(bodies.read_whole(chunks, MAX_STATEMENT), self.headers["Content-Type"])
            chunks = iter(())
        statement, data = self._statement(query.get("query", ""), chunks)
        query_id = query.get("query_id") or str(uuid.uuid4())
        if statement.verb == "kill" and (named := _named_query(statement.tokens)) is not None:
            self._kill(named)
            return
        default = query.get("default_format") or self.headers.get("X-ClickHouse-Format") or "TabSeparated"
        database = query.get("database") or DATABASE
        call = Call(
            statement,
            statement.format or default,
            {
                k: v
                for k, v in query.items()
                if k not in TRANSPORT and not k.startswith("param_") and _SETTING.fullmatch(k)
            },
            {k.removeprefix("param_"): v for k, v in query.items() if k.startswith("param_")},
            DATABASE if database == "default" else database,
            query_id,
        )
        with self.server.engine.track(query_id, statement.sql) as running:
            if statement.data_at is not None:
                insert = self.server.engine.insert_select if statement.input_call else self.server.engine.insert
                self._send_answer(call, insert(call, data, running))
            else:
                self._select(call, running, whole=query.get("wait_end_of_query") == "1")

    def _statement(self, sql: str, chunks: Iterator[bytes]) -> tuple[Statement, Iterator[bytes]]:
        # The statement stands in the URL, in the body, or half and half; the data of an INSERT follows it.
        guard = self.server.engine.guard
        if sql:
            statement = guard.read(sql, data_outside=True)
            if statement.data_at is not None:
                return statement, itertools.chain([sql[statement.data_at :].encode()], chunks)
        head = sql.encode() + (b"\n" if sql else b"")
        for chunk in chunks:
            # A head that is sent alone is analysed before its data comes; a name at its end may be cut off.
            if not head and chunk.endswith(b"\n") and (found := _insert_in(guard.read_again, chunk)) and not found[1]:
                return found[0], chunks
            head += chunk
            if len(head) >= HEAD:
                break
        if found := _insert_in(guard.read, head):
            return found[0], itertools.chain([found[1]], chunks)
        whole = head + bodies.read_whole(chunks, MAX_STATEMENT)
        return guard.read(whole.decode("utf-8")), iter(())

    def _select(self, call: Call, running: Running, *, whole: bool) -> None:
        # A twin that never waits: the connection itself has a timeout, and would be waited for until that ran out.
        client = self.connection.dup()
        client.setblocking(False)
        self.server.waiting[running] = client
        try:
            if call.format.lower() not in STREAMABLE or call.statement.verb not in ("select", "with"):
                self._send_answer(call, self.server.engine.run(call, running))
                return
            pieces = self.server.engine.stream(call, running)
            first, size = [], 0
            for piece in pieces:
                first.append(piece)
                size += len(piece)
                if size > BUFFER and not whole:
                    break
            else:
                self._send_answer(call, Answer(b"".join(first)))
                return
            self._send_pieces(call, itertools.chain(first, pieces))
        finally:
            self.server.waiting.pop(running, None)
            client.close()

    def _send_pieces(self, call: Call, pieces: Iterator[bytes]) -> None:
        self.send_response_only(200)
        for name, value in self._result_headers(call, Answer(b"")).items():
            self.send_header(name, value)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            for piece in pieces:
                self.wfile.write(b"%x\r\n" % len(piece))
                self.wfile.write(piece)
                self.wfile.write(b"\r\n")
            self.wfile.write(b"0\r\n\r\n")
            self.wfile.flush()
        except QueryFailed as error:
            # The status is sent: the text goes where the data went, and the missing last chunk says it is an error.
            text = str(error).encode()
            self.wfile.write(b"%x\r\n%b\r\n" % (len(text), text))
            self.close_connection = True

    def _kill(self, query_id: str) -> None:
        victims = self.server.engine.named(query_id)
        for running in victims:
            self.server.engine.cancel(running)
        rows = "".join(f"waiting\t{query_id}\tdefault\n" for _ in victims)
        self._send(200, rows.encode(), {"X-ClickHouse-Format": "TabSeparated"})

    def _authorized(self, query: dict[str, str]) -> bool:
        user = self.headers.get("X-ClickHouse-User") or query.pop("user", "")
        password = self.headers.get("X-ClickHouse-Key") or query.pop("password", "")
        scheme, _, given = (self.headers.get("Authorization") or "").partition(" ")
        if scheme.lower() == "basic":
            with suppress(ValueError):
                user, _, password = base64.b64decode(given, validate=True).decode("utf-8", "replace").partition(":")
        return self.server.allows(user.encode(), password.encode())

    def _result_headers(self, call: Call, answer: Answer) -> dict[str, str]:
        counts = {
            "read_rows": answer.read_rows,
            "written_rows": answer.written_rows,
            "result_rows": answer.written_rows,
        }
        return {
            "X-ClickHouse-Query-Id": call.query_id,
            "X-ClickHouse-Format": call.format,
            "X-ClickHouse-Timezone": "UTC",
            "X-ClickHouse-Summary": json.dumps({name: str(count) for name, count in counts.items()}),
        }

    def _send_answer(self, call: Call, answer: Answer) -> None:
        self._send(200, answer.body, self._result_headers(call, answer))

    def _send_error(self, code: int, name: str, message: str, status: int = 500) -> None:
        text = f"Code: {code}. DB::Exception: {message}. ({name})\n"
        self._send(status, text.encode(), {"X-ClickHouse-Exception-Code": str(code)})

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response_only(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value.replace("\r", " ").replace("\n", " "))
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()


def _insert_in(read: Callable[[str], Statement], head: bytes) -> tuple[Statement, bytes] | None:
    """The INSERT that `head` begins with, and the first of its data; nothing where there is none, or it is not known yet."""
    text = head.decode("utf-8", "surrogateescape")
    if not re.match(r"\s*+insert\b", text, re.IGNORECASE):
        return None
    with suppress(Denied):
        statement = read(text)
        if statement.data_at is not None:
            return statement, text[statement.data_at :].encode("utf-8", "surrogateescape")
    return None


def _exhausted(chunks: Iterator[bytes]) -> bool:
    return next(chunks, None) is None


def _named_query(tokens: tuple[Token, ...]) -> str | None:
    # KILL QUERY WHERE query_id = 'x': the id is the client's, which the engine does not know.
    words = [token.text.lower() for token in tokens[:5]]
    if words == ["kill", "query", "where", "query_id", "="] and len(tokens) > 5 and tokens[5].kind == "string":
        return re.sub(r"\\(.)|''", lambda m: m[1] or "'", tokens[5].text[1:-1])
    return None
