"""The five kinds of workers, one per subject of the bus."""

from __future__ import annotations

from ircopilot.domain.errors import UnusableArgument
from ircopilot.domain.incident import Stage

STAGE_OF: dict[str, Stage] = {
    "collector": "collect",
    "timeline": "timeline",
    "forensic": "forensic",
    "report": "report",
    "export": "export",
}


def stage_of_kind(kind: str) -> Stage:
    """The stage whose jobs that kind of worker does. Raises `UnusableArgument`."""
    if kind not in STAGE_OF:
        raise UnusableArgument(f"there is no worker {kind!r}", f"choose one of {', '.join(STAGE_OF)}")
    return STAGE_OF[kind]
