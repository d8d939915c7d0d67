"""The audit log: who did what to what. The entry is written in the transaction of the deed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ircopilot.access.caller import Caller
from ircopilot.domain.audit import Act, canonical_json
from ircopilot.stores.postgres import Tx
from ircopilot.stores.postgres.audit import log_act


def record_act(
    tx: Tx, caller: Caller, act: str, target: str, before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """Write one entry. `act` is `noun.verb` (`incident.close`), `target` names the thing (`incident/INC-7`); `before` and
    `after` hold what changed, as JSON, and never a secret.

    The entry is written when the transaction commits, as the last of it, so that the log's order is that of commits and
    its lock is held for a moment only; a transaction that fails leaves none.
    """
    log_act(
        tx,
        Act(
            caller.kind, caller.principal_id, caller.label, caller.address, caller.request_id, act, target,
            canonical_json(before), canonical_json(after),
        ),
    )  # fmt: skip
