"""report.md: the report as a text that reads well raw and rendered. CommonMark with GFM tables and footnotes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from ircopilot.contracts.report import ArtifactPart, ReportDocument
from ircopilot.domain.claims import Claim
from ircopilot.domain.evidence import Clock
from ircopilot.export.citations import (
    GLYPHS,
    LEGEND,
    OWN_WORD,
    Citation,
    by_tactic,
    cite,
    has_own_words,
    mark_of,
    numbers,
)
from ircopilot.export.edition import spoken_edition
from ircopilot.export.md_escape import cell, code, prose
from ircopilot.export.report_json import report_digest
from ircopilot.export.tabled import Tabled, tabled_claims
from ircopilot.export.text import activity_label, shorten, spoken_clock, spoken_count, spoken_size, spoken_time, visible

EXCERPT = 220
Notes = dict[str, Citation]


def render_markdown(document: ReportDocument) -> bytes:
    """The whole file. It holds nothing of `run`, so the same findings are the same bytes."""
    notes = cite(document)
    blocks = [*_head(document), *_sections(document, notes), *_refused(document)]
    return ("\n\n".join(filter(None, [*blocks, *_evidence(notes, len(document.events))])) + "\n").encode(
        "utf-8", "backslashreplace"
    )


def write_markdown(document: ReportDocument, path: Path) -> None:
    """Write report.md."""
    path.write_bytes(render_markdown(document))


def _head(document: ReportDocument) -> Iterator[str]:
    incident = document.incident
    yield f"# {prose(incident.title) or prose(incident.id)}"
    rows = [("Incident", code(incident.id))]
    if incident.severity:
        rows.append(("Severity", incident.severity))
    if incident.start and incident.end:
        rows.append(
            (activity_label(incident.severity), f"{spoken_time(incident.start)} to {spoken_time(incident.end)}")
        )
    events = sum(part.events for part in document.artifacts)
    rows.append(("Evidence", f"{spoken_count(len(document.artifacts), 'file')}, {spoken_count(events, 'event')}"))
    drafter = document.report.drafter
    rows.append(("Worded by", prose(" ".join(filter(None, (drafter.name, drafter.version, drafter.model))))))
    rows.append(("Content digest", code(report_digest(document))))
    rows += [(name, prose(value)) for name, value in spoken_edition(document.edition)]
    yield _table(("", ""), rows)
    legend = (*LEGEND, OWN_WORD) if has_own_words(document) else LEGEND
    yield " · ".join(f"{glyph} {meaning}" for glyph, meaning in legend) + " · ⏱ corrected clock"


def _sections(document: ReportDocument, notes: Notes) -> Iterator[str]:
    """The drafted sections in order, each followed by the table that belongs to it; left-over tables at the end."""
    tabled = tabled_claims(document)
    tables = {
        "what-happened": ("Timeline", _timeline(document, notes)),
        "techniques": ("Techniques", _techniques(document, notes, tabled)),
        "indicators": ("Indicators", _indicators(document, notes, tabled)),
        "recommendations": ("Actions", _actions(document, notes, tabled)),
        "evidence": ("Sources", _sources(document)),
    }
    for section in document.report.sections:
        yield f"## {prose(section.title)}"
        yield _claims([c for c in section.claims if c.id not in tabled.claims], notes)
        title, table = tables.pop(section.id, ("", ""))
        if table and section.id == "what-happened":
            yield f"### {title}"
        yield table
    for title, table in tables.values():
        if table:
            yield f"## {title}"
            yield table


def _claims(claims: Iterable[Claim], notes: Notes) -> str:
    return "\n".join(
        f"- {GLYPHS[mark_of(claim)]} {prose(claim.text)}{_by(claim)}{_basis(claim, notes)}" for claim in claims
    )


def _by(claim: Claim) -> str:
    return f" — {prose(claim.by)}" if claim.status == "analyst" else ""


def _glyph(tabled: Tabled, key: str) -> str:
    """The glyph of the claim that a row stands for."""
    return GLYPHS[tabled.kinds[key]] if key in tabled.kinds else ""


def _basis(claim: Claim, notes: Notes) -> str:
    searches = "; ".join(f"{code(s.query)} in {prose(s.scope)}: {s.found:,} found" for s in claim.basis.searches)
    return _marks(notes, claim.evidence) + (f" (searched {searches})" if searches else "")


def _marks(notes: Notes, evidence: tuple[str, ...]) -> str:
    cited, more = numbers(notes, evidence)
    return " " * bool(cited) + "".join(f"[^e{n}]" for n in cited) + (f" +{more:,}" if more else "")


def _timeline(document: ReportDocument, notes: Notes) -> str:
    rows = []
    for entry in document.timeline:
        clock = notes[entry.evidence[0]].clock
        when = spoken_time(entry.time).removesuffix(" UTC") + (f" ⏱ {clock}" if clock else "")
        techniques = " ".join(code(t) for t in entry.techniques)
        what = f"{cell(entry.summary)}{_marks(notes, entry.evidence)}"
        rows.append((when, entry.kind, what, techniques, cell(entry.why)))
    return _table(("Time (UTC)", "Kind", "What", "Techniques", "Why it is here"), rows)


def _techniques(document: ReportDocument, notes: Notes, tabled: Tabled) -> str:
    rows = [
        (
            _glyph(tabled, technique.id),
            ", ".join(map(prose, technique.tactics)),
            code(technique.id),
            cell(technique.name),
            f"{technique.confidence:.0%}",
            f"{cell(technique.why)}{_marks(notes, technique.evidence)}",
        )
        for technique in sorted(document.techniques, key=lambda t: (by_tactic(t.tactics), t.id))
    ]
    return _table(("", "Tactic", "Id", "Technique", "Confidence", "Why"), rows)


def _indicators(document: ReportDocument, notes: Notes, tabled: Tabled) -> str:
    rows = [
        (_glyph(tabled, i.value), i.type, cell(i.value, value=True), f"{cell(i.why)}{_marks(notes, i.evidence)}")
        for i in sorted(document.indicators, key=lambda i: (i.type, i.value))
    ]
    return _table(("", "Type", "Value", "Why"), rows)


def _actions(document: ReportDocument, notes: Notes, tabled: Tabled) -> str:
    lines = [
        f"- {_glyph(tabled, action.title)} {action.phase}: {prose(action.title)}"
        f"{' — ' * bool(action.why)}{prose(action.why)}{_marks(notes, action.evidence)}".replace("-  ", "- ", 1)
        for action in document.actions
    ]
    return "\n".join(lines)


def _sources(document: ReportDocument) -> str:
    parts = sorted(document.artifacts, key=lambda part: (part.name, part.sha256))
    rows = [
        (
            cell(part.name, value=True),
            spoken_size(part.size),
            f"{part.events:,}",
            f"{part.errors:,}" if part.errors else "none",
            _clock(part.clock),
            code(part.sha256),
        )
        for part in parts
    ]
    table = _table(("File", "Size", "Events", "Not readable", "Clock", "SHA-256"), rows)
    unread = "\n".join(line for part in parts for line in _unread(part))
    return f"{table}\n\n{unread}".strip()


def _unread(part: ArtifactPart) -> Iterator[str]:
    for error in part.parse_errors[:3]:
        yield f"- {code(part.name)} {code(error.locator) if error.locator else 'as a whole'}: {prose(error.reason)}"


def _clock(clock: Clock | None) -> str:
    spoken = spoken_clock(clock)
    return f"⏱ {cell(spoken)}, {clock.method.replace('-', ' ')}" if clock and spoken else "as recorded"


def _refused(document: ReportDocument) -> Iterator[str]:
    if document.report.rejections:
        yield "## Refused by the gate"
        yield "These sentences were drafted and are not part of the report."
        yield "\n".join(
            f"- {GLYPHS['rejected']} {prose(rejection.text)} — {prose('; '.join(rejection.reasons))}"
            for rejection in document.report.rejections
        )


def _evidence(notes: Notes, total: int) -> Iterator[str]:
    yield "## Cited records"
    yield (
        f"{spoken_count(len(notes), 'record')} cited above; `report.json` holds all {total:,} cited records whole. "
        "Each note: time, file, place in the file, event id, excerpt."
    )
    yield "\n".join(_note(note) for note in notes.values())


def _note(note: Citation) -> str:
    clock = f" ⏱ {note.clock}" if note.clock else ""
    excerpt = shorten(visible(" ".join(f"{name}={value}" for name, value in note.quoted)), EXCERPT)
    place = f"{code(note.artifact_name)} {code(note.event.locator)} {code(note.event_id)}"
    return f"[^e{note.number}]: {spoken_time(note.event.time)}{clock} · {place} · {code(excerpt)}"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([f"| {' | '.join(head)} |", "|" + " --- |" * len(head), *lines]) if lines else ""
