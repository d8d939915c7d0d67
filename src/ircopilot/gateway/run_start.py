"""Asking the orchestrator for runs."""

from __future__ import annotations

import asyncio
import weakref
from datetime import UTC, datetime, timedelta

from ircopilot.access.caller import Caller
from ircopilot.domain.errors import UnusableArgument
from ircopilot.domain.incident import Incident, Run, RunParameters, Window
from ircopilot.gateway.errors import UnknownRules
from ircopilot.gateway.gate import Gate
from ircopilot.gateway.idempotency import work_id
from ircopilot.stores.postgres import Tx, runs

PRIORITY = 5
_starting: weakref.WeakValueDictionary[tuple[str, str], asyncio.Lock] = weakref.WeakValueDictionary()


async def start_run(
    gate: Gate, incident: Incident, parameters: RunParameters, priority: int = PRIORITY,
    deadline_s: float | None = None, caller: Caller | None = None,
) -> Run:  # fmt: skip
    """Ask for a run, in the caller's name. Raises `UnusableArgument` for a window without length, `UnknownRules`, `OrchestratorUnreachable`,
    and what the orchestrator tells.
    """
    check_window(parameters.window)
    await gate.commit_held(incident.org_id)
    await _check_rules(gate, incident.org_id, parameters.rules)
    deadline = None if deadline_s is None else datetime.now(UTC) + timedelta(seconds=deadline_s)
    return await gate.orchestrator.start_run(
        incident.org_id, incident.incident_id, work_id(), parameters, priority, deadline, caller
    )


async def run_over_all(gate: Gate, incident: Incident, caller: Caller | None = None) -> Run:
    """A run with nothing special over all that was handed in: one that waits already, else a new one."""
    key = (incident.org_id, incident.incident_id)
    # What it is to see must be there, and nobody waits for the lock below with rows in hand.
    await gate.commit_held(incident.org_id)
    # Many alerts at once are to make one waiting run between them, not one each.
    lock = _starting.setdefault(key, asyncio.Lock())
    async with lock:
        waiting = await gate.in_tx(incident.org_id, waiting_run, incident.incident_id)
        return waiting or await start_run(gate, incident, RunParameters(), caller=caller)


def waiting_run(tx: Tx, incident_id: str) -> Run | None:
    """A run of the incident, with nothing special asked of it, that has not begun and so will see all that is there now.

    Its row is locked while its state is looked at: whoever begins it locks it, too, before looking at the deposits.
    """
    for run_id in runs.waiting_runs(tx, incident_id):
        run = runs.lock_run(tx, run_id)
        if run.state == "queued" and run.parameters == RunParameters() and run.deadline is None:
            return run
    return None


def check_window(window: Window) -> None:
    """Raises `UnusableArgument` unless the window begins before it ends."""
    if window.since and window.until and window.since >= window.until:
        raise UnusableArgument("since is not before until", "swap them")


async def _check_rules(gate: Gate, org_id: str, rules: tuple[str, ...]) -> None:
    vault = gate.stores.stores_for(org_id).vault
    for sha256 in rules:
        if not await gate.in_file_thread(lambda sha256=sha256: vault.exists(org_id, sha256)):  # type: ignore[misc]
            raise UnknownRules(f"no rule set {sha256} was handed in", "hand it in: POST /v1/rule-sets")
