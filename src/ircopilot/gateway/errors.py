"""What can be wrong with a call, as problems that its sender can act on."""

from __future__ import annotations

from ircopilot.domain.errors import ProblemError


class InvalidRequest(ProblemError):
    """A body or parameter does not have the shape that the route asks for."""

    type = "invalid-request"
    status = 422
    title = "The request does not have the right shape"

    def __init__(self, detail: str, next_step: str = "", errors: list[dict[str, str]] | None = None) -> None:
        super().__init__(detail, next_step)
        self.errors = errors


class NoSuchRoute(ProblemError):
    """There is nothing at that path."""

    type = "no-such-route"
    status = 404
    title = "There is nothing at that address"


class MethodNotAllowed(ProblemError):
    """The path is right, the method is not."""

    type = "method-not-allowed"
    status = 405
    title = "That cannot be done to this address"


class NotAcceptable(ProblemError):
    """`Accept` names no media type that this address answers in."""

    type = "not-acceptable"
    status = 406
    title = "There is no answer of the kind that is asked for"


class TooLarge(ProblemError):
    """The body is larger than this route takes."""

    type = "too-large"
    status = 413
    title = "The body is too large"


class UnsupportedMedia(ProblemError):
    """The body is of a kind that this route does not take."""

    type = "unsupported-media"
    status = 415
    title = "The body is of the wrong kind"


class BrokenUpload(ProblemError):
    """The connection ended before the body did; nothing was kept."""

    type = "broken-upload"
    status = 400
    title = "The upload broke off"


class SlowUpload(ProblemError):
    """No byte came for too long; nothing was kept."""

    type = "slow-upload"
    status = 408
    title = "The upload came to a halt"


class DigestMismatch(ProblemError):
    """The bytes are not those that the sender announced; nothing was kept."""

    type = "digest-mismatch"
    status = 400
    title = "What arrived is not what was announced"


class UnknownOutput(ProblemError):
    """The run has made no file of that name."""

    type = "unknown-output"
    status = 404
    title = "The run has no such output"


class UnknownRules(ProblemError):
    """A rule set that a run is to use was never handed in."""

    type = "unknown-rules"
    status = 422
    title = "There is no such rule set"


class OrchestratorUnreachable(ProblemError):
    """The orchestrator does not answer."""

    type = "orchestrator-unreachable"
    status = 503
    title = "The orchestrator cannot be reached"


class TooManyWatchers(ProblemError):
    """This process holds as many event streams as it may."""

    type = "too-many-watchers"
    status = 503
    title = "Too many watch already"


class PreconditionRequired(ProblemError):
    """What several people edit is changed only by who says which version they have seen."""

    type = "precondition-required"
    status = 428
    title = "Say which version is to be changed"


class InvalidCursor(ProblemError):
    """A cursor that this list did not give out."""

    type = "invalid-cursor"
    status = 400
    title = "The cursor cannot be used"


class UnknownArtifact(ProblemError):
    """The incident has no artifact of that hash."""

    type = "unknown-artifact"
    status = 404
    title = "The incident has no such artifact"


class UnsatisfiableRange(ProblemError):
    """The `Range` that was asked for lies outside of what there is."""

    type = "unsatisfiable-range"
    status = 416
    title = "That range cannot be given"


class InvalidIdempotencyKey(ProblemError):
    """The Idempotency-Key cannot be one."""

    type = "invalid-idempotency-key"
    status = 400
    title = "The idempotency key cannot be used"


class IdempotencyKeyReused(ProblemError):
    """The Idempotency-Key was sent before, with another request."""

    type = "idempotency-key-reused"
    status = 422
    title = "That key was used for something else"


class IdempotencyInFlight(ProblemError):
    """A call with that Idempotency-Key is being worked on."""

    type = "idempotency-in-flight"
    status = 409
    title = "That call is still under way"

    def __init__(self, detail: str, next_step: str = "", retry_after_s: float = 1.0) -> None:
        super().__init__(detail, next_step)
        self.retry_after_s = retry_after_s


class OverQuota(ProblemError):
    """The organisation has handed in as many bytes as it may."""

    type = "over-quota"
    status = 413
    title = "The organisation's room for evidence is used up"


class TooManyRequests(ProblemError):
    """The caller, or its organisation, makes more calls than it may."""

    type = "too-many-requests"
    status = 429
    title = "Too many calls in a short time"

    def __init__(self, detail: str, next_step: str = "", retry_after_s: float = 1.0, headers: dict[str, str] | None = None) -> None:  # fmt: skip
        super().__init__(detail, next_step)
        self.retry_after_s, self.headers = retry_after_s, headers or {}
