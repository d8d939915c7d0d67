"""What the PDF template is given: the document as plain strings and numbers, already capped and made printable."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from itertools import groupby
from typing import Any

from ircopilot.contracts.report import ArtifactPart, ReportDocument
from ircopilot.domain.claims import Claim
from ircopilot.domain.findings import TimelineEntry
from ircopilot.domain.incident import Action
from ircopilot.export.citations import Citation, by_tactic, cite, has_own_words, mark_of, numbers
from ircopilot.export.edition import spoken_edition
from ircopilot.export.figure import draw_figure
from ircopilot.export.pdf_text import breakable, printable, worded
from ircopilot.export.report_json import report_digest, rfc3339
from ircopilot.export.tabled import Tabled, tabled_claims
from ircopilot.export.text import (
    activity_label,
    shorten,
    spoken_clock,
    spoken_count,
    spoken_offset,
    spoken_size,
    spoken_time,
)

Data = dict[str, Any]
Notes = dict[str, Citation]
MAX_RECORDS, MAX_VALUE, MAX_TIMELINE, MAX_INDICATORS, MAX_ARTIFACTS = 250, 360, 400, 400, 200
SENTENCE = 1500
_SPELLED = {"ipv4": "IPv4", "ipv6": "IPv6", "url": "URL", "md5": "MD5", "sha1": "SHA-1", "sha256": "SHA-256"}


def pdf_data(document: ReportDocument) -> Data:
    """The template's input."""
    notes = cite(document, quoted_fields=9)
    tabled = tabled_claims(document)
    return {
        "title": printable(shorten(document.incident.title or document.incident.id, 240)),
        "title_set": breakable(shorten(document.incident.title or document.incident.id, 240)),
        "id": printable(document.incident.id),
        "severity": document.incident.severity,
        "facts": _facts(document),
        "tally": _tally(document),
        "edition": [[printable(name), printable(value)] for name, value in spoken_edition(document.edition)],
        "digest": report_digest(document),
        "sections": [
            {"id": s.id, "title": printable(s.title),
             "claims": [_claim(claim, notes) for claim in s.claims if claim.id not in tabled.claims]}
            for s in document.report.sections
        ],
        "figure": draw_figure(document),
        "timeline": _timeline(document, notes),
        "timeline_left": max(0, len(document.timeline) - MAX_TIMELINE),
        "indicators_left": max(0, len(document.indicators) - MAX_INDICATORS),
        "techniques": _techniques(document, notes, tabled),
        "indicators": _indicators(document, notes, tabled),
        "actions": [
            {"phase": phase, "items": [_action(a, notes, tabled) for a in group]}
            for phase, group in groupby(document.actions, key=lambda a: a.phase)
        ],
        "sources": _sources(document),
        "records": [_record(note) for note in list(notes.values())[:MAX_RECORDS]],
        "records_left": max(0, len(notes) - MAX_RECORDS),
        "events_total": len(document.events),
        "refused": len(document.report.rejections),
    }  # fmt: skip


def _facts(document: ReportDocument) -> list[Data]:
    incident = document.incident
    facts: list[Data] = []
    if incident.start and incident.end:
        same_day = incident.start.date() == incident.end.date()
        end = spoken_time(incident.end)
        lines = [_short(spoken_time(incident.start)), "to " + _short(end[11:] if same_day else end)]
        took = spoken_offset(timedelta(seconds=round((incident.end - incident.start).total_seconds())))
        facts.append({"name": f"{activity_label(incident.severity)}, UTC", "lines": lines, "note": took.lstrip("+")})
    parts = document.artifacts
    unread = sum(part.errors for part in parts)
    facts.append(
        {
            "name": "Evidence",
            "lines": [spoken_count(len(parts), "file"), spoken_count(sum(p.events for p in parts), "event")],
            "note": f"{spoken_count(unread, 'record')} not readable" if unread else "all records readable",
        }
    )
    clocks = {part.clock.offset_s for part in parts if part.clock and part.clock.method != "as-recorded"}
    if clocks:
        shown = [spoken_offset(timedelta(seconds=s)) or "±0 s" for s in sorted(clocks)]
        facts.append(
            {
                "name": "Corrected clocks",
                "lines": shown[:2],
                "clock": True,
                "note": f"and {len(shown) - 2} more" if len(shown) > 2 else "offset added to the record's time",
            }
        )
    drafter = document.report.drafter
    facts.append(
        {
            "name": "Worded by",
            "lines": [printable(drafter.name), printable(drafter.model)],
            "note": printable(f"version {drafter.version}") if drafter.version else "",
        }
    )
    return facts  # fmt: skip


def _short(time: str) -> str:
    """The spoken time without fraction and zone."""
    return time.removesuffix(" UTC").partition(".")[0]


def _tally(document: ReportDocument) -> list[Data]:
    kinds = Counter(mark_of(claim) for section in document.report.sections for claim in section.claims)
    names = {"fact": "verified", "inference": "inferred", "unknown": "not known"}
    if has_own_words(document):
        names["analyst"] = "in an analyst's own words"
    return [{"kind": kind, "count": kinds[kind], "name": name} for kind, name in names.items()]


def _claim(claim: Claim, notes: Notes) -> Data:
    searches = [
        {"query": breakable(shorten(s.query, MAX_VALUE)), "scope": printable(s.scope), "found": f"{s.found:,}"}
        for s in claim.basis.searches
    ]
    by = printable(claim.by) if claim.status == "analyst" else ""
    return {"kind": mark_of(claim), "by": by, "text": worded(shorten(claim.text, SENTENCE)), **_cites(claim.evidence, notes),
            "searches": searches}  # fmt: skip


def _cites(evidence: tuple[str, ...], notes: Notes) -> Data:
    cited, more = numbers(notes, evidence)
    return {"cites": cited, "more": more}


def _timeline(document: ReportDocument, notes: Notes) -> list[Data]:
    entries = sorted(document.timeline, key=lambda e: e.time)[:MAX_TIMELINE]
    numbered = list(enumerate(entries, 1))
    marks = {mark["n"]: mark for mark in (draw_figure(document) or {"marks": []})["marks"]}
    days = groupby(numbered, key=lambda pair: rfc3339(pair[1].time)[:10])
    return [{"day": day, "rows": [_row(n, entry, marks[n]["level"], notes) for n, entry in group]}
            for day, group in days]  # fmt: skip


def _row(number: int, entry: TimelineEntry, level: str, notes: Notes) -> Data:
    return {
        "n": number,
        "time": rfc3339(entry.time)[11:].removesuffix("Z")[:12],
        "clock": notes[entry.evidence[0]].clock,
        "kind": entry.kind,
        "level": level,
        "text": worded(shorten(entry.summary, 600)),
        "why": printable(shorten(entry.why, 300)),
        "techniques": [printable(t) for t in entry.techniques],
        **_cites(entry.evidence, notes),
    }


def _techniques(document: ReportDocument, notes: Notes, tabled: Tabled) -> list[Data]:
    def tactic(item: Any) -> str:
        return printable(item.tactics[0]).replace("-", " ").capitalize() if item.tactics else "No tactic"

    ordered = sorted(document.techniques, key=lambda t: (by_tactic(t.tactics[:1]), tactic(t), t.id))
    return [
        {
            "tactic": name,
            "rows": [
                {"id": printable(t.id), "name": printable(t.name), "confidence": round(t.confidence, 2), "claim": tabled.kinds.get(t.id, ""),
                 "why": worded(shorten(t.why, 400)), **_cites(t.evidence, notes)}
                for t in group
            ],
        }
        for name, group in groupby(ordered, key=tactic)
    ]  # fmt: skip


def _indicators(document: ReportDocument, notes: Notes, tabled: Tabled) -> list[Data]:
    ordered = sorted(document.indicators, key=lambda i: (i.type, i.value))[:MAX_INDICATORS]
    return [
        {
            "type": _SPELLED.get(kind, kind.replace("-", " ").capitalize()),
            "rows": [
                {"value": breakable(shorten(i.value, MAX_VALUE)), "why": worded(shorten(i.why, 300)), "claim": tabled.kinds.get(i.value, ""),
                 **_cites(i.evidence, notes)}
                for i in group
            ],
        }
        for kind, group in groupby(ordered, key=lambda i: i.type)
    ]  # fmt: skip


def _action(action: Action, notes: Notes, tabled: Tabled) -> Data:
    return {"title": worded(action.title), "why": worded(action.why), "claim": tabled.kinds.get(action.title, ""),
            **_cites(action.evidence, notes)}  # fmt: skip


def _sources(document: ReportDocument) -> Data:
    parts = sorted(document.artifacts, key=lambda part: (part.name, part.sha256))
    return {"rows": [_source(part) for part in parts[:MAX_ARTIFACTS]], "left": max(0, len(parts) - MAX_ARTIFACTS)}


def _source(part: ArtifactPart) -> Data:
    corrected = spoken_clock(part.clock)
    unread: Iterable[str] = (f"{e.locator or 'whole file'}: {e.reason}" for e in part.parse_errors[:2])
    return {
        "name": breakable(shorten(part.name, 200)),
        "sha256": part.sha256,
        "size": spoken_size(part.size),
        "events": spoken_count(part.events, "event"),
        "errors": f"{part.errors:,}" if part.errors else "",
        "unread": [breakable(shorten(text, 200)) for text in unread],
        "clock": printable(corrected),
        "method": part.clock.method.replace("-", " ") if part.clock and corrected else "",
    }


def _record(note: Citation) -> Data:
    return {
        "n": note.number,
        "id": note.event_id,
        "time": spoken_time(note.event.time).removesuffix(" UTC"),
        "clock": note.clock,
        "artifact": breakable(shorten(note.artifact_name, 120)),
        "locator": breakable(shorten(note.event.locator, 80)),
        "source": printable(note.event.source),
        "fields": [
            [breakable(shorten(name, 60), 12), breakable(shorten(value, MAX_VALUE))] for name, value in note.quoted
        ],
        "left_out": note.left_out,
    }
