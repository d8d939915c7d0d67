"""report.pdf: the words are in it, it is PDF/A, it is the same each time, and it bears size and hostility."""

from __future__ import annotations

import io
import re

import pytest
from pypdf import PdfReader
from tests.export.factory import large_report, small_report

from ircopilot.contracts.report import IncidentPart, ReportPart
from ircopilot.export.pdf import TypesettingFailed, render_pdf
from ircopilot.export.pdf_data import MAX_RECORDS
from ircopilot.export.pdf_text import breakable, printable


@pytest.fixture(scope="module")
def small() -> bytes:
    return render_pdf(small_report())


def text_of(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def test_says_what_the_report_says(small: bytes) -> None:
    text = re.sub(r"\s+", " ", text_of(small))
    for words in ("Credential theft on DESK-07", "INC-7c1d2e3f40", "Summary", "What happened", "Cited records",
                  "203.0.113.40", "T1003.001", "Isolate DESK-07", "0x1010", "<script>alert(1)</script>", "HIGH",
                  "is DESK-07 slow for anyone else?", "+19 h", "1 / "):  # fmt: skip
        assert words in text


def test_refused_sentences_are_not_published(small: bytes) -> None:
    assert "198.51.100.9" not in text_of(small)


def test_is_pdf_a_2b(small: bytes) -> None:
    xmp = PdfReader(io.BytesIO(small)).xmp_metadata
    assert xmp is not None
    assert b"<pdfaid:part>2</pdfaid:part>" in small
    assert b"<pdfaid:conformance>B</pdfaid:conformance>" in small


def test_faces_are_embedded_and_there_is_nothing_active(small: bytes) -> None:
    reader = PdfReader(io.BytesIO(small))
    for page in reader.pages:
        for font in page["/Resources"]["/Font"].values():
            described = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
            assert {"/FontFile2", "/FontFile3"} & described.keys()
        for annotation in page.get("/Annots") or []:
            link = annotation.get_object()
            assert link.get("/A", {}).get("/S", "/GoTo") == "/GoTo"
    assert not {"/OpenAction", "/AA"} & reader.trailer["/Root"].keys()
    assert reader.attachments == {}


def test_same_findings_same_bytes(small: bytes) -> None:
    later = small_report().run.model_copy(update={"id": "run-9"})
    assert render_pdf(small_report(run=later)) == small


def test_bears_size_and_hostile_text() -> None:
    pdf = render_pdf(large_report())
    text = text_of(pdf)
    assert len(PdfReader(io.BytesIO(pdf)).pages) < 120
    assert "#eval(read(" in text
    assert "root:" not in text
    assert "U+65E5" in text
    assert "U+202E" in text
    assert "further cited records are left out here" in re.sub(r"\s+", " ", text)
    assert len(re.findall(r"evidence/host/sysmon\.json\s?line:", text)) <= MAX_RECORDS


def test_an_empty_report_is_still_a_document() -> None:
    nothing = small_report(
        incident=IncidentPart(id="INC-0", title="", start=None, end=None), artifacts=(), entities=(), indicators=(),
        techniques=(), detections=(), anomalies=(), timeline=(), facts={}, actions=(), activity=None, events={},
        report=ReportPart(sections=(), drafter=small_report().report.drafter),
    )  # fmt: skip
    assert "INC-0" in text_of(render_pdf(nothing))


def test_what_is_left_out_is_said() -> None:
    big = large_report(claims=7, entries=0, events=500)
    indicators = big.indicators * 8
    incident = small_report().incident.model_copy(update={"title": "x" * 5000})
    text = re.sub(r"\s+", " ", text_of(render_pdf(small_report(incident=incident, events=big.events, indicators=indicators,
        report=big.report, timeline=(), techniques=(), detections=(), anomalies=(), actions=(), facts={}))))  # fmt: skip
    assert "and 80 more, listed in report.json" in text
    assert "…(+4760)" in text


def test_typst_failing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ircopilot.export.pdf.pdf_data", lambda _: {})
    with pytest.raises(TypesettingFailed, match="dictionary"):
        render_pdf(small_report())


def test_long_values_may_break_and_copy_unchanged() -> None:
    command = "powershell -enc " + "SQBFAFgA" * 40 + " C:\\Windows\\System32\\drivers\\etc\\hosts"
    assert breakable(command).replace("\x1f", "") == command
    assert max(map(len, breakable(command).replace(" ", "\x1f").split("\x1f"))) <= 23


def test_what_no_face_can_draw_is_named() -> None:
    assert printable("日本x\u202e") == "‹U+65E5 U+672C›x⟦U+202E⟧"
    assert printable("Ωмир\x07") == "Ωмир⟦U+0007⟧"
