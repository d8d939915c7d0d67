"""Structured logs of the service's processes: one JSON object a line on standard error.

What is logged are names, counts, durations and reasons of failures. Evidence and secrets are not: an exception is told by
its type and place; its text, which may quote evidence or an address with a password, stays in the database's
`last_error`, which only the organisation sees.
"""

from __future__ import annotations

import logging
import sys
import traceback

import structlog
from structlog.typing import FilteringBoundLogger


def configure_logs(service: str) -> FilteringBoundLogger:
    """Set the format once per process; returns the logger, which says `service` with every line."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    # Libraries speak at their ends only: nats-py, for example, would tell every reconnection with its address.
    logging.basicConfig(level=logging.CRITICAL, stream=sys.stderr, format="%(message)s")
    bound: FilteringBoundLogger = structlog.get_logger(service=service)
    return bound


def error_place(error: BaseException) -> dict[str, str]:
    """Type of an error and the line of ours that it came from, without its text."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [f for f in frames if "ircopilot" in f.filename] or list(frames)
    where = f"{ours[-1].filename.rpartition('ircopilot/')[2]}:{ours[-1].lineno}" if ours else ""
    return {"error": type(error).__name__, "where": where}
