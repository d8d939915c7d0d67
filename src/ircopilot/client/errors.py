"""What can go wrong between a client and the gateway, besides what the gateway itself tells."""

from __future__ import annotations

from ircopilot.domain.errors import ProblemError


class GatewayUnreachable(ProblemError):
    """There is no gateway at the URL, or the line to it is broken."""

    type = "gateway-unreachable"
    status = 503
    title = "The gateway cannot be reached"


class CorruptTransfer(ProblemError):
    """The bytes at one end are not those at the other."""

    type = "corrupt-transfer"
    status = 502
    title = "A file was changed on its way"
