"""Calls that follow from calls: what was made is read, changed and removed along the OpenAPI's links, in any order.

The short run walks a few ways, `IRCOPILOT_SOAK=1` many, others each time.
"""

from __future__ import annotations

import uuid
from typing import Any

import hypothesis
import pytest
import schemathesis
from hypothesis.stateful import run_state_machine_as_test

from gateway.conftest import Served, new_key
from gateway.fuzzing import SOAK, examples, headers_for, linked_schema, offline  # noqa: F401, a fixture
from gateway.test_runs import orchestrated  # noqa: F401, a fixture
from ircopilot.gateway.links import MADE
from ircopilot.stores import StoreSet

_OF_ORGANISATION = {name for name, (thing, _) in MADE.items() if not thing.startswith("/v1/incidents")}
GROUPS = {
    "incidents": {"open_incident"},
    "an organisation's": _OF_ORGANISATION - {"ask_for_run", "retry_run"},
}
if SOAK:
    # What needs an incident first is reached seldom: not in a short run.
    GROUPS["an incident's"] = set(MADE) - _OF_ORGANISATION | {"ask_for_run"}
pytestmark = [pytest.mark.timeout(7200 if SOAK else 300), pytest.mark.usefixtures("offline")]


@pytest.mark.parametrize("group", GROUPS)
def test_whatever_follows_is_as_the_document_says(orchestrated: Served, stores: StoreSet, group: str) -> None:  # noqa: F811
    done: set[str] = set()

    class Walk(linked_schema(GROUPS[group]).as_state_machine()):  # type: ignore[misc]
        """A way through the API, in an organisation of its own."""

        def setup(self) -> None:
            self.org = str(uuid.uuid4())
            self.key = new_key(stores, self.org)

        def get_call_kwargs(self, case: schemathesis.Case) -> dict[str, Any]:
            return {"headers": headers_for(case, self.key), "timeout": 20, "base_url": orchestrated.url}

        def after_call(self, response: Any, case: schemathesis.Case) -> None:
            if response.status_code == 401:  # the way led to revoking the very key
                self.key = new_key(stores, self.org)
            if response.status_code < 300:
                done.add(case.operation.definition.raw["operationId"])

    settings = hypothesis.settings(
        max_examples=examples(30, 400), stateful_step_count=15, deadline=None, derandomize=not SOAK, database=None,
        suppress_health_check=list(hypothesis.HealthCheck), phases=[hypothesis.Phase.generate],
    )  # fmt: skip
    run_state_machine_as_test(Walk, settings=settings)
    assert len(done) >= 5, sorted(done)  # which ways are walked changes with every change of the document
