"""How a run looks to a person: bars while it works, a table of many."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from ircopilot.export.text import visible

if TYPE_CHECKING:
    from ircopilot.client import RunEvent


class RunBars:
    """One bar per step of a run on a terminal, a line per change elsewhere, nothing when quiet.

    Parts of a step add up to its bar.
    """

    def __init__(self, quiet: bool = False) -> None:
        console = Console(stderr=True, highlight=False)
        self._bars = Progress(
            TextColumn("{task.description:<22}"), BarColumn(bar_width=24), TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(), TextColumn("{task.fields[note]}", style="dim", markup=False),
            console=console, disable=quiet or not console.is_terminal,
        )  # fmt: skip
        self._plain = not quiet and not console.is_terminal
        self._tasks: dict[str, TaskID] = {}
        self._parts: dict[str, dict[int, RunEvent]] = {}
        self.state, self.error = "", ""

    def __enter__(self) -> Self:
        self._bars.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._bars.__exit__(kind, error, at)

    def show(self, event: RunEvent) -> None:
        """Take in one event."""
        if event.stage == "run":
            self.state, self.error = event.state, str(event.payload.get("error", ""))
        if event.state == "progress":
            self._move(event)
            return
        if event.stage != "run" and event.state == "done":
            self._fill(event.stage)
        if self._plain:
            said = f": {visible(self.error)}" if event.stage == "run" and self.error else ""
            print(f"{event.at:%H:%M:%S} {event.stage} {event.state}{said}", file=sys.stderr, flush=True)

    def step(self, name: str, done: float, total: float, note: str) -> None:
        """Move the bar of something that is done here, before the run begins."""
        if name not in self._tasks:
            self._tasks[name] = self._bars.add_task(name, total=total, note="")
            if self._plain:
                print(f"{name}: {total:,.0f} files", file=sys.stderr, flush=True)
        self._bars.update(self._tasks[name], completed=done, total=total, note=visible(note)[:60])

    def _move(self, event: RunEvent) -> None:
        step = str(event.payload.get("step") or event.stage)
        parts = self._parts.setdefault(step, {})
        parts[int(event.payload.get("part", 0))] = event
        of = max(int(event.payload.get("of", 1)), 1)
        if step not in self._tasks:
            self._tasks[step] = self._bars.add_task(step, total=of, note="")
        done = sum(_share(part) for part in parts.values())
        events = sum(int(part.payload.get("events", 0)) for part in parts.values())
        note = visible(str(event.payload.get("note", "")))[:60] + (f"  {events:,} events" if events else "")
        self._bars.update(self._tasks[step], completed=done, total=of, note=note)

    def _fill(self, stage: str) -> None:
        for step, task in self._tasks.items():
            if step.partition("/")[0] == stage:
                self._bars.update(task, completed=self._bars.tasks[task].total)
                self._bars.stop_task(task)


def _share(event: RunEvent) -> float:
    done, total = float(event.payload.get("done", 0)), float(event.payload.get("total", 0))
    return min(done / total, 1.0) if total > 0 else 0.0


def print_runs(runs: list[dict[str, Any]]) -> None:
    """Runs, one a line."""
    rows = [("run", "incident", "state", "at", "asked for", "finished")]
    for run in runs:
        times = [str(run[name] or "-").replace("T", " ")[:19] for name in ("created_at", "finished_at")]
        rows.append((run["id"], run["incident"], run["state"], run["step"] or "-", times[0], times[1]))
    print_columns(rows)


def print_run(run: dict[str, Any], outputs: list[dict[str, Any]]) -> None:
    """One run and what it made."""
    names = ("id", "incident", "state", "step", "priority", "error", "created_at", "started_at", "finished_at")
    rows = [(name.replace("_", " "), str(run[name])) for name in (*names, "deadline") if run[name] not in (None, "")]
    rows += [(name.replace("_", " "), str(value)) for name, value in run["parameters"].items() if value]
    rows += [("output", f"{o['name']}  {o['size']:,} bytes  sha256 {o['sha256']}") for o in outputs]
    print_columns(rows)


def print_dead_letters(letters: list[dict[str, Any]]) -> None:
    """Jobs that were given up, and why."""
    names = ("job_id", "run_id", "stage", "attempt", "reason")
    rows = [("job", "run", "stage", "attempts", "reason")]
    print_columns([*rows, *(tuple(str(letter[name]) for name in names) for letter in letters)])


def print_json(document: object) -> None:
    """One JSON document on stdout, in ASCII: a terminal's escapes in it stay escapes."""
    print(json.dumps(document, ensure_ascii=True, indent=1))


def print_columns(rows: Sequence[Sequence[str]]) -> None:
    """Rows under each other, never wrapped: an id that is cut in two cannot be copied."""
    shown = [[visible(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    for row in shown:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
