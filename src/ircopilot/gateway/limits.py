"""What the gateway takes and how patient it is."""

from __future__ import annotations

import os
from collections.abc import Mapping

from pydantic import Field, ValidationError

from ircopilot.domain.errors import UnusableArgument
from ircopilot.domain.evidence import Frozen
from ircopilot.stores.events.answers import QueryLimits


class GatewayLimits(Frozen):
    """Sizes in bytes, times in seconds. `idle_s`: how long an upload may send nothing. `stall_s`: how long somebody
    who watches or downloads may take nothing before the connection is cut. `uploads`, `reads`: how many at once, `readers`: without a thread, and so
    `pages` and `searches`: questions to the event store that read little or much; of the latter `scans` statements at
    once read many events. `previews`: documents that are set to be looked at. `query_s`, `query_memory`: what one may
    take. `keyed`: how many short calls with an Idempotency-Key at once, `claim_s` after what silence another takes one over.
    `max_held`: all evidence of an organisation (0: any amount). `upload_life_s`: how long an upload under way is
    kept after its last byte.
    """

    max_held: int = Field(default=0, ge=0)
    upload_life_s: float = Field(default=86_400.0, gt=0)
    max_upload: int = Field(default=64 << 30, ge=1)
    max_rules: int = Field(default=256 << 20, ge=1)
    max_json: int = Field(default=1 << 20, ge=1)
    max_alerts: int = Field(default=16 << 20, ge=1)
    idle_s: float = Field(default=60.0, gt=0)
    stall_s: float = Field(default=20.0, gt=0)
    uploads: int = Field(default=16, ge=1)
    reads: int = Field(default=12, ge=1)
    readers: int = Field(default=4, ge=1)
    pages: int = Field(default=6, ge=1)
    searches: int = Field(default=16, ge=1)
    scans: int = Field(default=2, ge=1)
    previews: int = Field(default=2, ge=1)
    query_s: float = Field(default=10.0, gt=0)
    query_memory: int = Field(default=1 << 30, ge=1 << 20)
    rate_caller: int = Field(default=30_000, ge=0)
    rate_organisation: int = Field(default=60_000, ge=0)
    max_depth: int = Field(default=64, ge=1)
    claim_s: float = Field(default=30.0, gt=0)
    keyed: int = Field(default=6, ge=1)
    watchers: int = Field(default=5_000, ge=1)

    def query(self) -> QueryLimits:
        """Of each statement to the event store."""
        return QueryLimits(seconds=self.query_s, memory=self.query_memory, scans=self.scans)


def gateway_limits(environ: Mapping[str, str] = os.environ) -> GatewayLimits:
    """From `$IRCOPILOT_GATEWAY_<FIELD>`. Raises `UnusableArgument` for a value that cannot be one."""
    given = {n: v for n in GatewayLimits.model_fields if (v := environ.get(f"IRCOPILOT_GATEWAY_{n.upper()}"))}
    try:
        return GatewayLimits.model_validate(given)
    except ValidationError as error:
        names = ", ".join(f"IRCOPILOT_GATEWAY_{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors())
        raise UnusableArgument(f"a setting cannot be used: {names}", "see docs/api.md") from None
