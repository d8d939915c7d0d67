"""What every route has at hand: the stores by organisation, threads for their calls, the orchestrator, the hub."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Concatenate, ParamSpec, TypeVar

import anyio
import structlog
from anyio import from_thread
from anyio.to_thread import run_sync
from fastapi import Depends, Request
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from ircopilot.access.caller import Caller
from ircopilot.access.errors import Forbidden
from ircopilot.access.keys import Doorkeeper, note_use
from ircopilot.access.oidc import OidcPeer
from ircopilot.access.permissions import Permission
from ircopilot.access.policy import Policies
from ircopilot.access.sessions import Where, admit_session
from ircopilot.gateway.door import Shown
from ircopilot.gateway.limits import GatewayLimits
from ircopilot.gateway.lines import OpenLines
from ircopilot.gateway.meters import Meters
from ircopilot.gateway.orchestrator import Orchestrator
from ircopilot.gateway.rates import CallRates
from ircopilot.settings import ServiceSettings, data_dir
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import Tx
from ircopilot.stores.postgres.errors import DatabaseUnreachable
from ircopilot.stores.postgres.held import HeldTransaction, held_transaction, holding
from ircopilot.stores.postgres.reader import Reader
from ircopilot.stores.vault.staging import Staging, folder_beside
from ircopilot.telemetry import error_place

if TYPE_CHECKING:
    from ircopilot.gateway.hub import Hub

P = ParamSpec("P")
R = TypeVar("R")


class Gate:
    """The gateway's parts. Calls of the stores block, so they go to threads, each kind to as many as it may have."""

    hub: Hub

    def __init__(self, stores: StoreSet, settings: ServiceSettings, limits: GatewayLimits) -> None:
        self.stores = stores
        self.settings = settings
        self.site = settings.site
        self.limits = limits
        self.meters = Meters()
        self.lines = OpenLines()
        self.orchestrator = Orchestrator(settings)
        self.rates = CallRates(stores.urls.redis_url, limits)
        self.policies = Policies(stores.database)
        self._lobby = Reader(stores.urls.database_lobby_url, limits.readers)
        self._readers: dict[str, Reader] = {}
        self._doorkeeper = Doorkeeper(self._lobby)
        self._reads = anyio.CapacityLimiter(limits.reads)
        self.files = anyio.CapacityLimiter(limits.uploads)
        self.previews = anyio.CapacityLimiter(limits.previews)
        self._uploads = anyio.CapacityLimiter(limits.uploads)
        self.lanes = {"page": anyio.CapacityLimiter(limits.pages), "scan": anyio.CapacityLimiter(limits.searches)}
        self._claims = anyio.CapacityLimiter(4)
        told, beside = settings.uploads_dir, folder_beside(stores.urls.vault_url)
        self._uploads_folder = Path(told) if told else beside or data_dir() / "uploads"
        # As many as the lobby has connections.
        self._lookups = anyio.CapacityLimiter(4)
        self._hashes = anyio.CapacityLimiter(2)
        self._outside = anyio.CapacityLimiter(8)
        self.peer = OidcPeer(settings.oidc_private)
        self._later: set[asyncio.Task[None]] = set()

    async def admit(self, shown: Shown, where: Where, *, watching: bool = False) -> Caller:
        """Who shows that key or session. Raises `Unauthenticated`, `DatabaseUnreachable`, `SessionsUnreachable`.

        `watching`: nobody acts, so a session grows idle all the same.
        """
        if shown.kind == "key":
            caller = await self._doorkeeper.admit(shown.text, where)
            if self._doorkeeper.is_to_be_noted(caller.principal_id):
                await self.in_tx(caller.org_id, note_use, caller.principal_id)
            return caller
        return await run_sync(
            _asking_database,
            lambda: admit_session(self.stores, shown.text, where, watching=watching),
            limiter=self._reads,
        )

    async def in_lobby(self, work: Callable[[], R]) -> R:
        """Do something short that begins before an organisation is known. Raises `DatabaseUnreachable`."""
        return await run_sync(_asking_database, work, limiter=self._lookups)

    async def in_hash_thread(self, work: Callable[[], R]) -> R:
        """Do something that hashes a password: 64 MiB each, so a few at once. Raises `DatabaseUnreachable`."""
        return await run_sync(_asking_database, work, limiter=self._hashes)

    async def outside(self, work: Callable[[], R]) -> R:
        """Do something that asks somebody else's server: not by threads that others wait for."""
        return await run_sync(_asking_database, work, limiter=self._outside)

    def later(self, work: Callable[[], None]) -> None:
        """Do something after the answer; called from a thread of this gate. What goes wrong with it is logged."""

        async def noted() -> None:
            try:
                await self.in_lobby(work)
            except Exception as error:
                structlog.get_logger().error("something after an answer failed", **error_place(error))

        def start() -> None:
            task = asyncio.get_running_loop().create_task(noted())
            self._later.add(task)
            task.add_done_callback(self._later.discard)

        from_thread.run_sync(start)

    async def finish(self) -> None:
        """Wait for what was left for later, and close what is the gate's own."""
        await asyncio.gather(*self._later, return_exceptions=True)
        for reader in (self._lobby, *self._readers.values()):
            await reader.close()

    def reader_of(self, org_id: str) -> Reader:
        """For what a call reads of the organisation's rows without a thread. It sees what is committed."""
        url = self.stores.stores_for(org_id).urls.database_app_url
        if url not in self._readers:
            self._readers[url] = Reader(url, self.limits.readers)
        return self._readers[url]

    async def with_policy(self, caller: Caller) -> Caller:
        """The caller with what its role may in its organisation at this moment. Raises `DatabaseUnreachable`."""
        policy = None if caller.policy is None else self.policies.known(caller.org_id, caller.policy)
        if policy is None:
            policy = await self.in_lobby(lambda: self.policies.of(caller.org_id))
        return replace(caller, granted=policy.granted(caller.role))

    async def permit(self, caller: Caller, permission: Permission) -> None:
        """Raises `Forbidden` unless the caller's role, narrowed by its scopes, has the permission."""
        if not (caller if caller.granted is not None else await self.with_policy(caller)).may(permission):
            raise Forbidden(f"{caller.label} lacks {permission}", "ask an administrator of the organisation")

    async def in_tx(
        self, org_id: str, work: Callable[Concatenate[Tx, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:  # fmt: skip
        """Do `work` in one transaction of the organisation. Raises `DatabaseUnreachable`, and what `work` raises."""

        def whole() -> R:
            with self.stores.stores_for(org_id).database.tenant(org_id) as tx:
                return work(tx, *args, **kwargs)

        return await run_sync(_asking_database, whole, limiter=self._reads)

    async def in_claim(
        self, org_id: str, work: Callable[Concatenate[Tx, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:  # fmt: skip
        """As `in_tx`, in a transaction of its own whatever the call holds, by threads that no other work waits for."""

        def whole() -> R:
            with holding(None), self.stores.stores_for(org_id).database.tenant(org_id) as tx:
                return work(tx, *args, **kwargs)

        return await run_sync(_asking_database, whole, limiter=self._claims)

    async def finish_held(self, held: HeldTransaction, last: Callable[[Tx], None]) -> None:
        """Do the last part of what a call does in one transaction, and commit it. Raises `DatabaseUnreachable`."""
        database = self.stores.stores_for(held.org_id).database

        def part() -> None:
            with holding(held), database.tenant(held.org_id) as tx:
                last(tx)

        await run_sync(_asking_database, lambda: held.finish(part), limiter=self._claims)

    async def commit_held(self, org_id: str) -> None:
        """Before something that other processes must see is asked of them: commit what the call has done so far."""
        held = held_transaction(org_id)
        if held is not None and held.is_open:
            await run_sync(_asking_database, held.commit, limiter=self._claims)

    async def in_claim_thread(self, work: Callable[[], R]) -> R:
        """Do something short, by threads that no other work waits for."""
        return await run_sync(_asking_database, work, limiter=self._claims)

    def staging(self, org_id: str) -> Staging:
        """Where parts of the organisation's uploads lie until they are whole."""
        vault = self.stores.stores_for(org_id).vault
        return Staging(self._uploads_folder, vault.keys)

    async def in_file_thread(self, work: Callable[[], R]) -> R:
        """Do something short with the vault."""
        return await run_sync(work, limiter=self.files)

    async def in_upload_thread(self, work: Callable[[], R]) -> R:
        """Do something that lasts as long as an upload: slow senders take no thread from anybody else."""
        return await run_sync(work, limiter=self._uploads)

    async def check_database(self) -> None:
        """Connect as both roles. Raises `DatabaseUnreachable`, `UnsafeRole`."""
        await run_sync(_asking_database, self.stores.database.check, limiter=self._lookups)


def _asking_database(work: Callable[[], R]) -> R:
    try:
        return work()
    except (OperationalError, InterfaceError, NoConnection) as error:
        raise DatabaseUnreachable("the database did not answer", "try again in a moment") from error


async def gate_of(request: Request) -> Gate:
    """The gateway's parts, for a route."""
    gate: Gate = request.app.state.gate
    return gate


async def caller_of(request: Request) -> Caller:
    """Who calls. `Edge` has seen to it that somebody does, before any route was looked at."""
    caller: Caller = request.state.caller
    return caller


WithGate = Annotated[Gate, Depends(gate_of)]
WithCaller = Annotated[Caller, Depends(caller_of)]
