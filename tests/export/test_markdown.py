"""report.md: golden, and untrusted text never becomes markup."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from tests.export.factory import HOSTILE, E, claim, large_report, small_report

from ircopilot.contracts.report import ReportPart, SectionPart
from ircopilot.export.citations import MissingEvent
from ircopilot.export.markdown import render_markdown
from ircopilot.export.md_escape import cell, code, prose
from ircopilot.export.text import visible

GOLDEN = Path(__file__).parent / "golden"
PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
ALLOWED = {"text", "code_inline", "softbreak", "text_special"}


def inline_tokens(markdown: str) -> list:
    return [child for token in PARSER.parse(markdown) for child in token.children or []]


def shown(markdown: str) -> str:
    return "".join(token.content for token in inline_tokens(markdown))


def test_golden() -> None:
    assert render_markdown(small_report()).decode() == (GOLDEN / "report.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text: str) -> None:
    for markdown in (prose(text), prose(f"On HOST-1 it ran {text} at noon."), code(text), cell(text)):
        row = f"| {markdown} |\n| --- |" if markdown == cell(text) else f"- ● {markdown} [^e1]"
        assert {token.type for token in inline_tokens(row)} <= ALLOWED, row
        assert "\n" not in markdown
    letters = re.sub(r"[\s\"“”`⟦⟧]", "", visible(text))
    assert re.sub(r"[\s\"“”`⟦⟧]", "", shown(f"- ● {prose(text)}").removeprefix("●")) == letters.strip()


@settings(max_examples=400, deadline=None)
@given(st.text(alphabet=st.sampled_from('ab `|[]()!<>&;*_~#\\/:@.h"“”\n-=+1$^{}\u202e'), max_size=40))
def test_no_text_becomes_markup(text: str) -> None:
    assert {token.type for token in inline_tokens(f"- ● x {prose(text)} y")} <= ALLOWED
    table = PARSER.parse(f"| a | b |\n| --- | --- |\n| {cell(text)} | {cell(text, value=True)} |")
    assert [token.type for token in table].count("td_open") == 2
    assert {child.type for token in table for child in token.children or []} <= ALLOWED


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_code_spans_hold_anything(text: str) -> None:
    tokens = inline_tokens(f"x {code(text)} y")
    assert {token.type for token in tokens} <= {"text", "code_inline"}
    if visible(text).strip():
        assert visible(text).strip(" ") in [token.content.strip(" ") for token in tokens if token.type == "code_inline"]


def test_words_and_values_stay_readable() -> None:
    text = "ada opened C:\\Program Files\\x.exe (10.0.0.5) at 22:04:27, e.g. 1,024 bytes."
    assert prose(text) == "ada opened `C:\\Program Files\\x.exe` (`10.0.0.5`) at 22:04:27, e.g. 1,024 bytes."


def test_links_cannot_arise_from_bare_addresses() -> None:
    assert prose("see https://x.example/a, www.x.example or ada@x.example") == (
        "see `https://x.example/a`, `www.x.example` or `ada@x.example`"
    )


def test_large_report_has_no_markup_of_its_own() -> None:
    markdown = render_markdown(large_report()).decode()
    kinds = {token.type for token in inline_tokens(markdown)}
    assert kinds <= ALLOWED | {"strong_open", "strong_close"}
    assert not {token.type for token in PARSER.parse(markdown)} & {"html_block", "fence", "code_block"}
    assert "\u202e" not in markdown
    assert "\u200b" not in markdown


def test_every_citation_has_its_note_and_the_clock_is_marked() -> None:
    markdown = render_markdown(large_report()).decode()
    used = set(re.findall(r"\[\^e(\d+)\](?!:)", markdown))
    defined = set(re.findall(r"^\[\^e(\d+)\]:", markdown, re.MULTILINE))
    assert used == defined
    assert "⏱ +19 h" in markdown


def test_a_citation_of_nothing_is_an_error() -> None:
    bad = claim("X", "summary", "Something happened.", "fact", ("f" * 32,))
    section = SectionPart(id="summary", title="Summary", claims=(bad,))
    report = ReportPart(sections=(section,), drafter=small_report().report.drafter)
    with pytest.raises(MissingEvent):
        render_markdown(small_report(report=report))


def test_a_claim_that_a_row_says_is_printed_once() -> None:
    markdown = render_markdown(small_report()).decode()
    assert "T1003.001 LSASS Memory" not in markdown
    assert "| ● | credential-access | `T1003.001` | LSASS Memory |" in markdown
    assert E[0] in markdown
