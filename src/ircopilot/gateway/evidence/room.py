"""How much an organisation may hand in: where its bytes are counted."""

from __future__ import annotations

from dataclasses import dataclass

from ircopilot.domain.errors import UnusableArgument
from ircopilot.gateway.errors import OverQuota
from ircopilot.gateway.limits import GatewayLimits
from ircopilot.stores.postgres import Tx
from ircopilot.stores.postgres.organisations import find_organisation
from ircopilot.stores.postgres.uploads import bytes_held


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes that the organisation may hold (None: any number), and those it holds or has under way."""

    limit: int | None
    held: int


def limit_of(limits: GatewayLimits, own: int) -> int | None:
    """The installation's limit or the organisation's own, whichever is less; 0 is none."""
    return min((limit for limit in (limits.max_held, own) if limit), default=None)


def room_of(tx: Tx, limits: GatewayLimits) -> Room:
    """What the organisation may hold and holds now."""
    found = find_organisation(tx)
    return Room(limit_of(limits, found.max_held if found else 0), bytes_held(tx, alone=False))


def check_limit(limits: GatewayLimits, own: int) -> None:
    """Raises `UnusableArgument` for a limit beyond the installation's."""
    if limits.max_held and own > limits.max_held:
        raise UnusableArgument(
            f"max_held is at most {limits.max_held:,}, which this installation allows", "ask whoever runs it for more"
        )


def refuse_over_quota(tx: Tx, limits: GatewayLimits, more: int) -> int:
    """How many bytes the organisation has left. Raises `OverQuota` unless `more` fit; others that add some wait for this
    transaction's end.
    """
    found = find_organisation(tx)
    own = found.max_held if found else 0
    limit = limit_of(limits, own)
    if limit is None:
        return 1 << 62
    left = max(0, limit - bytes_held(tx))
    if more > left:
        ours = own and limit == own and own != limits.max_held
        raise OverQuota(
            f"{left:,} of {limit:,} bytes are left to the organisation",
            "an owner can raise max_held: PATCH /v1/organisation" if ours else "ask whoever runs the installation for "
            "more room (IRCOPILOT_GATEWAY_MAX_HELD), or give up uploads that are not needed",
        )  # fmt: skip
    return left
