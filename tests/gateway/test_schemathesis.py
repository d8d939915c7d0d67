"""Every operation of the OpenAPI against the real gateway: whatever is sent, the answers are as the document says.

The short run takes a few examples of each operation, `IRCOPILOT_SOAK=1` many.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import uuid
from typing import Any

import hypothesis
import schemathesis
import schemathesis.specs.openapi

from gateway.conftest import Served
from ircopilot.gateway.openapi import IDEMPOTENCY_KEY, api_document

# Loaded now: pytest rewrites what is loaded late, and CPython 3.11 fails at that under Hypothesis's limit of the stack.
for _module in pkgutil.walk_packages(schemathesis.specs.openapi.__path__, "schemathesis.specs.openapi."):
    importlib.import_module(_module.name)

schema = schemathesis.openapi.from_dict(api_document())
EXAMPLES = 100 if os.environ.get("IRCOPILOT_SOAK") else 3

EXAMPLE = IDEMPOTENCY_KEY["example"]

# What fits the schema can still be refused for what it means: another version was seen (412), a rule set that nobody
# handed in (422), a window that ends before it begins (400). The tus protocol asks for 412 without its header.
REFUSED = ["2xx", "3xx", "400", "401", "403", "404", "409", "410", "412", "413", "415", "422", "428", "429", "503"]
checks = schema.config.checks
checks.positive_data_acceptance.expected_statuses = REFUSED
checks.negative_data_rejection.expected_statuses = [s for s in REFUSED if s not in ("2xx", "3xx")] + ["405", "406"]
checks.missing_required_header.expected_statuses = ["400", "401", "403", "404", "406", "412", "415", "422", "428"]


@schemathesis.serializer("application/offset+octet-stream")
def _as_bytes(context: Any, value: Any) -> bytes:
    """A piece of an upload is bytes, whatever was thought of."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


def _is_tried(context: Any) -> bool:
    """Not what goes on for ever."""
    return "text/event-stream" not in str(
        context.operation.definition.raw["responses"].get("200", {}).get("content", {})
    )


@schema.include(_is_tried).parametrize()
@hypothesis.settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=list(hypothesis.HealthCheck), derandomize=True,
    phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate], database=None,
)  # fmt: skip
def test_answers_are_as_the_document_says(case: schemathesis.Case, served: Served, key: str) -> None:
    headers = {"Authorization": f"Bearer {key}"}
    if (case.headers or {}).get("Idempotency-Key") == EXAMPLE:
        headers["Idempotency-Key"] = str(uuid.uuid4())  # the document's example is good for one call
    case.call_and_validate(base_url=served.url, headers=headers, timeout=20)
