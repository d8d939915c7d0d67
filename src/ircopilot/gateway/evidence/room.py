"""How much an organisation may hand in: where its bytes are counted."""

from __future__ import annotations

from ircopilot.gateway.errors import OverQuota
from ircopilot.gateway.limits import GatewayLimits
from ircopilot.stores.postgres import Tx
from ircopilot.stores.postgres.uploads import bytes_held


def refuse_over_quota(tx: Tx, limits: GatewayLimits, more: int) -> int:
    """How many bytes the organisation has left. Raises `OverQuota` unless `more` fit; others that add some wait for this
    transaction's end.
    """
    if not limits.max_held:
        return 1 << 62
    held = bytes_held(tx)
    left = max(0, limits.max_held - held)
    if more > left:
        raise OverQuota(f"{left:,} of {limits.max_held:,} bytes are left to the organisation", "ask for more room")
    return left
