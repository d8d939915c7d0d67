"""Passwords that commands carry are in no sentence of any output, stay in the cited records, and the gate refuses nothing for it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import pytest
from pypdf import PdfReader

from ircopilot.contracts.report import ReportDocument
from ircopilot.export.pdf_data import pdf_data
from ircopilot.export.verify import verify_report

from ..conftest import Told
from ..making import Scenario
from . import desktop, disc

pytestmark = pytest.mark.timeout(300)
Tell = Callable[[Scenario], Told]


@pytest.mark.parametrize(
    ("scenario", "secrets", "shown"),
    [
        (desktop.SCENARIO, ("P@ssw0rd!9",), ("net user helpdesk2 [secret] /add",)),
        (disc.SCENARIO, ("Harbour7!", "L0ch"), ("/user:MERROW\\svc-sql /password:[secret] process call", "7za.exe a -p[secret] C:")),
    ],
    ids=lambda v: getattr(v, "name", ""),
)  # fmt: skip
def test_no_sentence_of_any_output_has_a_password(
    tell: Tell, scenario: Scenario, secrets: tuple[str, ...], shown: tuple[str, ...]
) -> None:
    told = tell(scenario)
    sentences = {k: v for k, v in told.report.items() if k != "events"}
    said = " ".join(e["summary"] for e in told.report["timeline"])
    document = ReportDocument.model_validate(told.report)
    printed = {k: v for k, v in pdf_data(document).items() if k != "records"}
    markdown = (told.out / "report.md").read_text().split("## Cited records")[0]
    texts = (json.dumps(sentences), json.dumps(printed), markdown, (told.out / "timeline.csv").read_text())
    for secret in secrets:
        assert all(secret.lower() not in text.lower() for text in texts)
        assert secret in json.dumps(told.report["events"])  # the citation leaves nothing out
    assert all(part in said for part in shown)
    assert told.report["report"]["rejections"] == []
    assert [c.problems for c in verify_report(told.out).checks if c.problems] == []
    pages = [page.extract_text() for page in PdfReader(io.BytesIO((told.out / "report.pdf").read_bytes())).pages]
    assert "[secret]" in " ".join(pages).replace("\n", "")
