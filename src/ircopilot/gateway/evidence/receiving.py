"""Bytes of a resumable upload on their way in: into encrypted parts as they come, into the vault when all are there.

Every 16 MiB a part is made durable and recorded, and so is what came before a connection broke: no more than that is
lost when the gateway dies. A part with a checksum counts as a whole or not at all. Of two that send the same bytes, the
one that is recorded first wins.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial

import anyio.from_thread
from starlette.requests import ClientDisconnect, Request

from ircopilot.access.audit import record_act
from ircopilot.access.caller import Caller
from ircopilot.domain.incident import Incident
from ircopilot.faults import pass_point
from ircopilot.gateway.body import Body
from ircopilot.gateway.errors import BrokenUpload, SlowUpload, TooLarge
from ircopilot.gateway.evidence.tus import Checksum
from ircopilot.gateway.gate import Gate
from ircopilot.stores.postgres import Tx
from ircopilot.stores.postgres.deposits import record_deposit
from ircopilot.stores.postgres.uploads import Upload, add_part, find_upload, finish_upload, parts_of
from ircopilot.stores.vault import MissingObject, TamperedObject

PART = 16 << 20
_GATHER = 256 << 10
Part = tuple[int, int, str]  # first byte, size, file


async def receive_bytes(
    gate: Gate, caller: Caller, request: Request, upload: Upload, checksum: Checksum | None
) -> None:  # fmt: skip
    """Take the body as the upload's next bytes.

    Raises `TooLarge`, `UploadConflict`, `ChecksumMismatch`, and `BrokenUpload` or `SlowUpload` after what came was kept.
    """
    body: Body = request.state.body
    body.allow(upload.length - upload.received)
    reception = _Reception(gate, caller, upload, request.stream(), checksum)
    await gate.in_upload_thread(reception.run)


class _Reception:
    """One body. `run` is in a thread of its own, and asks the loop for more."""

    def __init__(
        self, gate: Gate, caller: Caller, upload: Upload, stream: AsyncIterator[bytes], checksum: Checksum | None
    ) -> None:
        self._gate, self._caller, self._upload, self._stream = gate, caller, upload, stream
        self._checksum, self._digest = checksum, hashlib.sha256()
        self._staging = gate.staging(caller.org_id)
        self._buffer = bytearray()
        self._ended = False
        self._failure: Exception | None = None

    def run(self) -> None:
        """Part by part, to the end of the body or until it breaks off."""
        at, held = self._upload.received, list[Part]()
        org_id, upload = self._caller.org_id, self._upload
        while not self._ended and self._failure is None:
            file, size = self._staging.write(org_id, upload.upload_id, upload.wrapped_key, at, self._pieces())
            if not size:
                self._staging.drop_part(org_id, upload.upload_id, file)
                break
            held.append((at, size, file))
            at += size
            if self._checksum is None:
                self._record(held)
                held = []
        if self._checksum is not None:
            self._record_checked(self._checksum, held)
        if self._failure is not None:
            raise self._failure

    def _record_checked(self, checksum: Checksum, held: list[Part]) -> None:
        try:
            if self._failure is None:
                checksum.check(self._digest.digest())
        except Exception:
            self._drop(held)
            raise
        if self._failure is None:
            self._record(held)
        else:
            self._drop(held)

    def _record(self, held: list[Part]) -> None:
        """These parts count from now on, or are gone. Raises `UploadConflict`."""
        pass_point("before-part")
        try:
            anyio.from_thread.run(partial(self._gate.in_tx, self._caller.org_id, self._advance, held))
        except BaseException:
            self._drop(held)
            raise
        self._gate.meters.received.inc(sum(size for _, size, _ in held))

    def _advance(self, tx: Tx, held: list[Part]) -> None:
        expires = datetime.now(UTC) + timedelta(seconds=self._gate.limits.upload_life_s)
        for first, size, file in held:
            add_part(tx, self._upload.upload_id, first, size, file, expires)

    def _drop(self, held: list[Part]) -> None:
        for _, _, file in held:
            self._staging.drop_part(self._caller.org_id, self._upload.upload_id, file)

    def _pieces(self) -> Iterator[bytes]:
        """The bytes of one part."""
        size = 0
        while size < PART and not self._ended and self._failure is None:
            anyio.from_thread.run(self._fill)
            piece = bytes(self._buffer)
            self._buffer.clear()
            if self._checksum is not None:
                self._digest.update(piece)
            size += len(piece)
            yield piece

    async def _fill(self) -> None:
        """Wait for a good number of bytes, the end, or the failure of the connection: what came is kept either way."""
        while len(self._buffer) < _GATHER:
            try:
                async with asyncio.timeout(self._gate.limits.idle_s):
                    chunk = await anext(self._stream, None)
            except TimeoutError:
                self._failure = SlowUpload(
                    f"nothing came for {self._gate.limits.idle_s:.0f} s", "go on from HEAD's offset"
                )
                return
            except ClientDisconnect:
                self._failure = BrokenUpload("the connection ended before the body did", "go on from HEAD's offset")
                return
            except TooLarge as error:
                self._failure = error
                return
            if chunk is None:
                self._ended = True
                return
            self._buffer += chunk


async def finish_if_whole(gate: Gate, caller: Caller, incident: Incident, upload_id: str) -> Upload:
    """The upload, as a deposit when all its bytes are here. May be called again after it failed half way."""
    upload, parts = await gate.in_tx(caller.org_id, _with_parts, incident.incident_id, upload_id)
    if upload.state != "open" or upload.received < upload.length:
        return upload
    vault, staging = gate.stores.stores_for(caller.org_id).vault, gate.staging(caller.org_id)
    try:
        sha256, size = await gate.in_upload_thread(
            lambda: vault.put(caller.org_id, staging.read(caller.org_id, upload_id, upload.wrapped_key, parts))
        )
    except MissingObject:
        now, _ = await gate.in_tx(caller.org_id, _with_parts, incident.incident_id, upload_id)
        if now.state == "open":
            raise
        return now  # somebody else has just finished it
    if size != upload.length:
        raise TamperedObject(f"upload {upload_id} has {size} of {upload.length} bytes", "begin it again")
    pass_point("before-finish")
    await gate.in_tx(caller.org_id, _finish, caller, incident, upload, sha256)
    await gate.commit_held(caller.org_id)  # else a crash would leave an upload without its parts
    with suppress(OSError):
        await gate.in_file_thread(lambda: staging.drop(caller.org_id, upload_id))
    finished, _ = await gate.in_tx(caller.org_id, _with_parts, incident.incident_id, upload_id)
    return finished


def _with_parts(tx: Tx, incident_id: str, upload_id: str) -> tuple[Upload, list[tuple[int, str]]]:
    return find_upload(tx, incident_id, upload_id, datetime.now(UTC)), parts_of(tx, upload_id)


def _finish(tx: Tx, caller: Caller, incident: Incident, upload: Upload, sha256: str) -> None:
    deposit = record_deposit(tx, incident.incident_id, sha256, upload.name, upload.length, upload.made_by)
    if finish_upload(tx, upload.upload_id, deposit.deposit_id, sha256):
        after = {"name": upload.name, "sha256": sha256, "size": upload.length}
        record_act(tx, caller, "evidence.receive", f"incident/{incident.key}/deposit/{deposit.deposit_id}", after=after)
