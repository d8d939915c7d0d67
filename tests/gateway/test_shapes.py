"""What comes in is taken as it is written: nothing is made into something else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError

from ircopilot.gateway.organisations.key_shapes import ProviderChange
from ircopilot.gateway.routers import ROUTERS
from ircopilot.gateway.shapes import In, NewRun


def bodies() -> Iterator[tuple[str, Any]]:
    for router in ROUTERS:
        for route in router.routes:
            if isinstance(route, APIRoute) and route.body_field is not None:
                yield f"{sorted(route.methods)[0]} {route.path}", route.body_field.field_info.annotation


def test_every_body_is_checked_by_the_same_base() -> None:
    models = [(where, kind) for where, kind in bodies() if isinstance(kind, type) and issubclass(kind, BaseModel)]
    named = [(where, kind) for where, kind in models if not kind.__name__.startswith("Body_")]
    assert len(named) > 50
    assert [where for where, kind in named if not issubclass(kind, In)] == []


@pytest.mark.parametrize("sent", [0, 1, "no", "true", 0.0])
def test_a_truth_is_true_or_false(sent: object) -> None:
    with pytest.raises(ValidationError, match="valid boolean"):
        ProviderChange.model_validate({"trust_mfa": sent})


@pytest.mark.parametrize("sent", [{"priority": "5"}, {"priority": True}, {"deadline_s": "60"}, {"clocks": {"a": "1"}}])
def test_a_number_is_no_text(sent: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=r"valid (integer|number)"):
        NewRun.model_validate(sent)


def test_times_and_whole_numbers_for_fractions_are_taken() -> None:
    run = NewRun.model_validate({"since": "2026-03-10T00:00:00Z", "deadline_s": 60})
    assert (run.since is not None and run.since.isoformat(), run.deadline_s) == ("2026-03-10T00:00:00+00:00", 60.0)
