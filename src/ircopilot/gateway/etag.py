"""ETag and If-Match on what people edit together, so that no update is lost (RFC 9110 §8.8.3, §13.1.1; RFC 6585 §3)."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Depends, Header, Response

from ircopilot.domain.errors import PreconditionFailed
from ircopilot.gateway.errors import PreconditionRequired

_TAG = re.compile(r'"v([0-9]{1,18})"')


def tag_of(version: int) -> str:
    """The entity tag of a row's `version`."""
    return f'"v{version}"'


def show_tag(response: Response, version: int) -> None:
    """Say the version in the answer."""
    response.headers["ETag"] = tag_of(version)


def expected_version(
    given: Annotated[
        str | None, Header(alias="If-Match", description="ETag of the version that is to be changed.")
    ] = None,
) -> int:
    """The version that the caller has seen and wants to change. Raises `PreconditionRequired`, `PreconditionFailed`."""
    if given is None:
        raise PreconditionRequired("no If-Match was sent", "send the ETag of what you have read in If-Match")
    shape = _TAG.fullmatch(given.strip())
    if shape is None:
        raise PreconditionFailed("If-Match is no tag of this resource", "read it again and send its ETag")
    return int(shape[1])


# A route takes it as `seen: SeenVersion` and changes the row `WHERE version = seen`, else raises `PreconditionFailed`.
SeenVersion = Annotated[int, Depends(expected_version)]
