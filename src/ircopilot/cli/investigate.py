"""`ircopilot investigate`: the main job, from a folder of evidence to a cited report."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ircopilot.cli.main import end_if_stopped
from ircopilot.cli.show import Bars, print_json, print_not_read, print_outcome
from ircopilot.domain.errors import UnusableArgument
from ircopilot.domain.incident import Window
from ircopilot.settings import data_dir

if TYPE_CHECKING:
    from ircopilot.pipeline.request import Request
    from ircopilot.pipeline.run import Outcome

_OFFSET = re.compile(r"([+-]?)(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?")

MOST_OFFSET_S = 100 * 366 * 86400


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(
        "investigate",
        epilog="Examples:  ircopilot investigate ./evidence --out ./report   ·   "
        "ircopilot investigate triage.zip --out r --rules sigma/rules --clock fin-ws07.jsonl=+2h --since 2026-03-01T00:00Z",
    )(investigate)


def investigate(
    evidence: Annotated[list[Path], typer.Argument(help="Files, folders or archives of evidence.", show_default=False)],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for the report; made if absent.", show_default=False)
    ],
    title: Annotated[str, typer.Option(help="Title of the incident.")] = "Investigation",
    incident: Annotated[
        str, typer.Option(help="Name of the incident, to add to one or to repeat it.", show_default=False)
    ] = "",
    rules: Annotated[
        list[Path] | None,
        typer.Option(help="Folder of Sigma rules besides those installed; repeatable.", show_default=False),
    ] = None,
    clock: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SOURCE=OFFSET",
            help="Offset to add to the times of a file, a folder, a mapping or host:NAME, e.g. fin-ws07.evtx=+19h; repeatable.",
            show_default=False,
        ),
    ] = None,
    since: Annotated[
        str,
        typer.Option(help="Only what happened at or after this time (ISO 8601, UTC if no zone).", show_default=False),
    ] = "",
    until: Annotated[str, typer.Option(help="Only what happened before this time.", show_default=False)] = "",
    server: Annotated[
        str,
        typer.Option(
            metavar="URL", help="Have it done by the gateway there; see `ircopilot login`.", show_default=False
        ),
    ] = "",
    json_out: Annotated[bool, typer.Option("--json", help="Print the summary as JSON, no progress bars.")] = False,
) -> None:
    """Investigate evidence: hash and lock it, lay out one timeline, find the attacker's steps, write the cited report."""
    from ircopilot.cli.rules import installed_rules
    from ircopilot.pipeline.request import Request
    from ircopilot.pipeline.run import check_paths

    for folder in rules or []:
        if not os.path.exists(folder):  # noqa: PTH110, Path.exists raises for a folder that may not be entered
            raise UnusableArgument(f"{folder} does not exist", "give a folder of Sigma rules (*.yml)")
    root = data_dir()
    request = Request(
        evidence=tuple(evidence),
        out=out,
        title=title,
        incident=incident,
        # A server has rules of its own besides those handed in.
        rules=(*(() if server else installed_rules(root)), *(rules or ())),
        clocks=dict(parse_clock(c) for c in clock or []),
        window=parse_window(since, until),
        rule_cache=root / "cache",
    )
    _check_out(out)
    check_paths(request)
    outcome = _far(server, request, json_out) if server else _here(root, request, json_out)
    end_if_stopped()
    print_not_read(outcome)
    (print_json if json_out else print_outcome)(outcome)


def _here(root: Path, request: Request, quiet: bool) -> Outcome:
    from ircopilot.embedded.stack import running_stack
    from ircopilot.pipeline.run import investigate as run
    from ircopilot.stores import open_stores

    with Bars(quiet=quiet) as bars:
        bars.say("starting the embedded stack")
        with running_stack(root) as urls, open_stores(urls) as stores:
            return run(stores, request, bars)


def _far(server: str, request: Request, quiet: bool) -> Outcome:
    from ircopilot.cli.remote import investigate_remotely

    return investigate_remotely(server, request, quiet)


def _check_out(out: Path) -> None:
    try:
        if out.exists() and not out.is_dir():
            raise UnusableArgument(f"--out {out} is a file", "give a folder")
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnusableArgument(
            f"--out {out} cannot be made: {error.strerror}", "give a folder that you may write to"
        ) from error


def parse_clock(text: str) -> tuple[str, timedelta]:
    """`SOURCE=OFFSET` with an offset such as `+19h`, `-1h30m`, `90s`."""
    source, sep, offset = text.partition("=")
    match = _OFFSET.fullmatch(offset.strip().lower())
    if not sep or not source or match is None or not any(match.groups()[1:]):
        raise UnusableArgument(
            f"--clock {text!r} is not SOURCE=OFFSET",
            "write for example --clock fin-ws07.evtx=+19h or --clock host:FIN-WS07=-1h30m",
        )
    sign = -1 if match[1] == "-" else 1
    seconds = float(match[2] or 0) * 3600 + float(match[3] or 0) * 60 + float(match[4] or 0)
    if seconds > MOST_OFFSET_S:
        raise UnusableArgument(f"--clock {text!r} is more than a hundred years", "write hours, minutes and seconds")
    return source, sign * timedelta(seconds=seconds)


def parse_window(since: str, until: str) -> Window:
    """The window of `--since` and `--until`, each empty or a time. Raises `UnusableArgument`."""
    window = Window(since=_time("--since", since), until=_time("--until", until))
    if window.since and window.until and window.since >= window.until:
        raise UnusableArgument("--since is not before --until", "swap them")
    return window


def _time(option: str, text: str) -> datetime | None:
    if not text:
        return None
    try:
        time = datetime.fromisoformat(text)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UnusableArgument(f"{option} {text!r} is not a time", "write it as 2026-03-01T14:30:00Z") from error
