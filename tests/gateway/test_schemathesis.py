"""Every operation of the OpenAPI against the real gateway: whatever is sent, the answers are as the document says.

The short run takes a few examples of each operation, `IRCOPILOT_SOAK=1` many, others each time.
"""

from __future__ import annotations

import hypothesis
import pytest
import schemathesis

from gateway.conftest import Served
from gateway.fuzzing import SOAK, Fuzzed, examples, fuzzed, headers_for, offline, tried_schema  # noqa: F401, fixtures
from gateway.test_runs import orchestrated  # noqa: F401, a fixture

schema = tried_schema()
pytestmark = pytest.mark.usefixtures("offline")


@schema.parametrize()
@hypothesis.settings(
    max_examples=examples(3, 100), deadline=None, suppress_health_check=list(hypothesis.HealthCheck),
    derandomize=not SOAK, phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate], database=None,
)  # fmt: skip
def test_answers_are_as_the_document_says(
    case: schemathesis.Case, orchestrated: Served, fuzzed: Fuzzed  # noqa: F811
) -> None:  # fmt: skip
    fuzzed.aim(case)
    case.call_and_validate(base_url=orchestrated.url, headers=headers_for(case, fuzzed.key), timeout=20)
