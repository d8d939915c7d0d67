"""What a person sees: progress bars per stage, and the closing table."""

from __future__ import annotations

import json
import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from ircopilot.domain.incident import STAGES, Stage
from ircopilot.export.text import visible

if TYPE_CHECKING:  # imported when there is something to show: `--help` need not wait for them
    from ircopilot.contracts.report import ReportDocument
    from ircopilot.domain.findings import Entity, Indicator
    from ircopilot.pipeline.run import Outcome

GLYPHS = {"fact": "●", "inference": "◐", "unknown": "○"}


class _Amount(ProgressColumn):
    """Done of total in the task's unit; bytes in MB; events per second where events are counted."""

    def render(self, task: Task) -> Text:
        """The column's text for one task."""
        unit, events = task.fields.get("unit", ""), task.fields.get("events", 0)
        text = f"{task.completed / 1e6:,.1f}/{(task.total or 0) / 1e6:,.1f} MB" if unit == "bytes" else ""
        if events:
            elapsed = max(task.fields.get("seconds", 0.0), 0.001)
            text += f"  {events:,} events" + (f"  {events / elapsed:,.0f}/s" if unit == "bytes" else "")
        return Text(text, style="cyan")


class Bars:
    """One bar per stage on a terminal; a line per stage elsewhere; nothing when quiet."""

    def __init__(self, quiet: bool = False) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._bars = Progress(
            TextColumn("{task.fields[mark]} {task.description:<9}"), BarColumn(bar_width=24), _Amount(), TimeElapsedColumn(),
            TextColumn("{task.fields[note]}", style="dim", markup=False), console=self._console, disable=quiet or not self._console.is_terminal,
        )  # fmt: skip
        self._plain = not quiet and not self._console.is_terminal
        self._tasks: dict[Stage, TaskID] = {}
        self._begun: dict[Stage, float] = {}
        self._events: dict[str, int] = {}
        self._last = ""

    def __enter__(self) -> Self:
        self._bars.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._bars.__exit__(kind, error, at)

    def say(self, note: str) -> None:
        """A line before the first stage."""
        if self._plain:
            print(note, file=sys.stderr)

    def stage(self, stage: Stage, done: float, total: float, unit: str, note: str, events: int = 0) -> None:
        """Move a stage's bar; a stage that begins ends the ones before it."""
        begun = self._begun.setdefault(stage, time.monotonic())
        if self._plain and stage not in self._tasks:
            print(f"{STAGES.index(stage) + 1}/{len(STAGES)} {stage}: {note}", file=sys.stderr)
        if stage not in self._tasks:
            self._finish_others(stage)
            self._tasks[stage] = self._bars.add_task(
                stage, total=total, note=note, unit=unit, events=0, seconds=0.0, mark="▸"
            )
        if events:
            self._events[note] = events
        counted = sum(self._events.values()) if stage == "collect" else events
        self._bars.update(
            self._tasks[stage], completed=done, total=total, note=note[:60], unit=unit, events=counted, seconds=time.monotonic() - begun,
            mark="✓" if unit == "step" and done >= total else "▸",
        )  # fmt: skip

    def _finish_others(self, stage: Stage) -> None:
        for other, task in self._tasks.items():
            if other != stage:
                self._bars.update(task, completed=self._bars.tasks[task].total or 1, mark="✓")
                self._bars.stop_task(task)


def print_not_read(outcome: Outcome) -> None:
    """On stderr: what was given and is no artifact, so that no report speaks of it."""
    for name, reason in outcome.not_read:
        print(f"not read: {visible(name)}: {visible(reason)}", file=sys.stderr)


def print_outcome(outcome: Outcome) -> None:
    """The closing table on stdout."""
    document = outcome.document
    console = Console(highlight=False)
    table = Table(show_header=False, box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="bold")
    for name, value in summary(outcome).items():
        table.add_row(name.replace("_", " "), Text(_shorten(value) if isinstance(value, list) else value))
    console.print(f"\n[bold]{document.incident.id}[/bold]  ", end="")
    console.print(Text(document.incident.title))
    console.print(table)
    for name, path in outcome.outputs.items():
        console.print(f"  {name:<9}", Text(str(path)), soft_wrap=True)


def print_json(outcome: Outcome) -> None:
    """The closing table as one JSON object on stdout."""
    paths = {name: str(path) for name, path in outcome.outputs.items()}
    print(
        json.dumps(
            {
                "incident": outcome.document.incident.id,
                **summary(outcome),
                "outputs": paths,
                "not_read": [list(pair) for pair in outcome.not_read],
            },
            ensure_ascii=False,
            indent=1,
        )
    )


def summary(outcome: Outcome) -> dict[str, str | list[str]]:
    """What was found, in a few lines."""
    d = outcome.document
    claims = [c for s in d.report.sections for c in s.claims]
    kinds = "  ".join(f"{GLYPHS[k]} {sum(c.kind == k for c in claims)} {k}" for k in GLYPHS)
    return {
        "hosts": _values(d, "host"),
        "users": _values(d, "user"),
        "techniques": [f"{t.id} {t.name}" for t in sorted(d.techniques, key=lambda t: (-t.confidence, t.id))],
        "indicators": [i.value for i in sorted(d.indicators, key=_telling)],
        "first_malicious": _time(d.incident.start),
        "last_malicious": _time(d.incident.end),
        "claims": f"{kinds}  ✕ {len(d.report.rejections)} refused",
        "events": f"{sum(a.events for a in d.artifacts):,} from {len(d.artifacts)} artifacts, {sum(a.errors for a in d.artifacts):,} unreadable records",
        "clocks": [
            f"{a.name}: ⏱ {a.clock.offset_s / 3600:+g} h" for a in d.artifacts if a.clock and abs(a.clock.offset_s) >= 1
        ],
        "rules": _rules(outcome),
    }


def _telling(indicator: Indicator) -> tuple[int, str]:
    """The kinds that are looked for first come first; the order in report.json is that of their names."""
    kinds = ("ipv4", "ipv6", "domain", "url", "sha256", "cloud-key", "file-name")
    kind = indicator.type
    return (kinds.index(kind) if kind in kinds else len(kinds)), indicator.value


def _rules(outcome: Outcome) -> str:
    matched = f"{len(outcome.document.detections):,} matched"
    if not outcome.rules:  # a server counts them for itself
        return matched
    return f"{outcome.rules['loaded']:,} loaded, {outcome.rules['evaluated']:,} apply here, {matched}"


def _values(document: ReportDocument, kind: str) -> list[str]:
    found: list[Entity] = [
        e for e in document.entities if e.type == kind and e.role in ("victim", "attacker", "suspicious")
    ]
    # Who was met first, first: that is how the story goes.
    return [e.value for e in sorted(found, key=lambda e: (str(e.first_seen or "~"), e.value))]


def _time(time: object) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S} UTC" if time else "none found"


def _shorten(values: list[str], at_most: int = 6) -> str:
    return (
        ", ".join(values[:at_most]) + (f" and {len(values) - at_most} more" if len(values) > at_most else "") or "none"
    )
