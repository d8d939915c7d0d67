"""report.json: canonical bytes, a schema that is current and that they satisfy."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from tests.export.factory import E, large_report, small_report
from tools.write_schema import TARGETS, schema_text

from ircopilot.contracts.report import RunPart, cited_ids
from ircopilot.export.report_json import digest_of, render_report_json, report_digest, rfc3339

GOLDEN = Path(__file__).parent / "golden"


def test_golden() -> None:
    assert render_report_json(small_report()) == (GOLDEN / "report.json").read_bytes()


@pytest.mark.parametrize("document", [small_report(), large_report()], ids=["small", "large"])
def test_satisfies_its_schema(document) -> None:
    validator = Draft202012Validator(json.loads(schema_text()), format_checker=Draft202012Validator.FORMAT_CHECKER)
    assert list(validator.iter_errors(json.loads(render_report_json(document)))) == []


def test_schema_is_itself_valid_and_refuses_more() -> None:
    schema = json.loads(schema_text())
    Draft202012Validator.check_schema(schema)
    report = json.loads(render_report_json(small_report()))
    report["surplus"] = 1
    assert not Draft202012Validator(schema).is_valid(report)


def test_published_schemas_are_current() -> None:
    for target in TARGETS:
        assert target.read_text(encoding="utf-8") == schema_text(), f"run tools/write_schema.py: {target.name} is stale"


def test_order_without_meaning_does_not_matter() -> None:
    document = small_report()
    turned = small_report(
        artifacts=document.artifacts[::-1],
        entities=document.entities[::-1],
        indicators=document.indicators[::-1],
        techniques=document.techniques[::-1],
        timeline=document.timeline[::-1],
        events=dict(reversed(document.events.items())),
    )
    assert render_report_json(turned) == render_report_json(document)


def test_digest_is_of_the_findings_not_of_the_run() -> None:
    later = RunPart(id="run-2", started=datetime.now(UTC), finished=datetime.now(UTC), version="9")
    other = small_report(run=later)
    assert report_digest(other) == report_digest(small_report())
    assert render_report_json(other) != render_report_json(small_report())
    assert digest_of(json.loads(render_report_json(other))) == report_digest(other)


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (datetime(2031, 3, 4, 5, 6, 7, tzinfo=UTC), "2031-03-04T05:06:07Z"),
        (datetime(2031, 3, 4, 5, 6, 7, 120000, tzinfo=UTC), "2031-03-04T05:06:07.12Z"),
        (datetime(2031, 3, 4, 5, 6, 7, 1, tzinfo=timezone(timedelta(hours=2))), "2031-03-04T03:06:07.000001Z"),
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00Z"),
    ],
)
def test_times(time: datetime, text: str) -> None:
    assert rfc3339(time) == text


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without zone"):
        rfc3339(datetime(2031, 3, 4))


def test_half_a_surrogate_pair_survives() -> None:
    document = small_report()
    event = document.events[E[0]].model_copy(update={"fields": {"a": "x\ud83dy", "b": "😀 日本"}})
    data = render_report_json(small_report(events={**document.events, E[0]: event}))
    assert json.loads(data.decode("utf-8"))["events"][E[0]]["fields"] == {"a": "x\ud83dy", "b": "😀 日本"}


def test_cited_ids_are_all_held() -> None:
    for document in (small_report(), large_report()):
        assert cited_ids(document) <= document.events.keys()
