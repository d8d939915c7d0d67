"""The audit log: who did what to what. The entry is written in the transaction of the deed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ircopilot.access.caller import Caller
from ircopilot.stores.postgres import Tx


def record_act(
    tx: Tx, caller: Caller, act: str, target: str, before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """Write one entry. `act` is `noun.verb` (`incident.close`), `target` names the thing (`incident/INC-7`); `before` and
    `after` hold what changed, as JSON, and never a secret.
    """
