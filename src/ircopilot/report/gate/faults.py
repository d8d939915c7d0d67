"""What is wrong with a refused sentence, and where in it: for whoever is to put it right."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ircopilot.domain.claims import Fact, Rejection
from ircopilot.report.gate.check import cited_by
from ircopilot.report.gate.cited import CitedEvent, collapsed
from ircopilot.report.gate.passages import passage_mask
from ircopilot.report.gate.support import Basis, unheld_values

_RUN = re.compile(r"\\+|\s+")
_CODEPOINT = re.compile(r"character U\+([0-9A-F]{4,6}) ")
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)+)'")


@dataclass(frozen=True, slots=True)
class Fault:
    """A reason of the gate. `value` is what is wrong, and stands at `start` up to `end` of the text (in characters,
    code points); without a place there (None) it is the sentence as a whole.
    """

    reason: str
    value: str = ""
    start: int | None = None
    end: int | None = None


def find_faults(
    rejection: Rejection,
    cited: Mapping[str, CitedEvent],
    facts: Mapping[str, Fact],
    technique_names: Mapping[str, str] | None = None,
) -> tuple[Fault, ...]:
    """The rejection's reasons in order, each with its places; `cited`, `facts` and names as they were given to the gate."""
    draft = rejection.draft
    places = _held_against_records(rejection, cited, facts, technique_names or {})
    found: list[Fault] = []
    for reason in rejection.reasons:
        found += places.get(reason) or [_looked_for(reason, draft.text)]
    return tuple(found)


def _held_against_records(
    rejection: Rejection, cited: Mapping[str, CitedEvent], facts: Mapping[str, Fact], names: Mapping[str, str]
) -> dict[str, list[Fault]]:
    draft = rejection.draft
    if not any("is not in the" in reason for reason in rejection.reasons):
        return {}
    known = [cited[i] for i in cited_by(draft, facts) if i in cited]
    named = [facts[n] for n in draft.basis.facts if n in facts]
    text, offsets = collapsed(draft.text), _offsets(draft.text)
    if len(offsets) != len(text) + 1:
        return {}
    searches = draft.basis.searches if draft.kind == "unknown" else ()
    found: dict[str, list[Fault]] = {}
    for unheld in unheld_values(text, passage_mask(text, known, names.values()), Basis(known, named, names, searches)):
        fault = Fault(unheld.reason, unheld.text, offsets[unheld.start], offsets[unheld.end])
        found.setdefault(unheld.reason, []).append(fault)
    return found


def _offsets(text: str) -> list[int]:
    """Where each character of `collapsed(text)` stands in `text`, and the end."""
    offsets: list[int] = []
    at = 0
    for run in _RUN.finditer(text):
        offsets += range(at, run.start())
        offsets.append(run.start())
        at = run.end()
    return [*offsets, *range(at, len(text) + 1)]


def _looked_for(reason: str, text: str) -> Fault:
    """A reason that speaks of a word of the text, with the word's first place."""
    hidden = _CODEPOINT.match(reason)
    words = [chr(int(hidden[1], 16))] if hidden else [w.replace("\\\\", "\\") for w in _QUOTED.findall(reason)]
    for word in words:
        at = text.lower().find(word.lower())
        if at >= 0 and len(text.lower()) == len(text):
            return Fault(reason, text[at : at + len(word)], at, at + len(word))
    return Fault(reason)
