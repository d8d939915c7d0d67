"""What goes in as JSON of presence."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from ircopilot.gateway.shapes import In, shown

Word = Annotated[str, StringConstraints(pattern=r"^[a-z-]{1,40}$")]
Claim = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$")]


class Here(In):
    """Where somebody is: a page by name, and the sentence of a report's version that they are writing."""

    model_config = shown({"page": "report", "report": 2, "claim": "summary-1"})

    page: Word
    report: int | None = Field(default=None, ge=1, le=1_000_000)
    claim: Claim | None = None
