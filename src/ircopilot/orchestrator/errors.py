"""What is wrong with a call to the orchestrator, beside what the stores and the pipeline say."""

from __future__ import annotations

from ircopilot.domain.errors import ProblemError


class TokenRefused(ProblemError):
    """The call shows no service token, or another one."""

    type = "service-token-refused"
    status = 401
    title = "The service token is missing or wrong"


class NoTokenSet(ProblemError):
    """An address that others can reach was to be bound without a token to ask them for."""

    type = "service-token-missing"
    status = 400
    title = "An address beyond this machine needs a service token"
    exit_code = 2


class AddressTaken(ProblemError):
    """The address cannot be listened on."""

    type = "address-taken"
    status = 503
    title = "The address cannot be listened on"


class NothingThere(ProblemError):
    """There is no such page."""

    type = "not-found"
    status = 404
    title = "There is no such page"
