"""`ircopilot run`: runs on a server, by way of the gateway that `ircopilot login` or $IRCOPILOT_URL names."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ircopilot.cli.connection import connected
from ircopilot.cli.investigate import parse_clock, parse_window
from ircopilot.cli.run_show import print_json
from ircopilot.domain.errors import UnusableArgument

if TYPE_CHECKING:
    from ircopilot.client import Client

Incident = Annotated[str, typer.Argument(metavar="INC", help="Key of the incident.", show_default=False)]
Which = Annotated[
    str, typer.Argument(metavar="INC|RUN", help="Key of the incident, for its latest run; or a run's id.", show_default=False)
]  # fmt: skip
Stage = Annotated[str, typer.Option("--from", metavar="STAGE", help="Begin here: collect, timeline, forensic, report, export.")]  # fmt: skip
Rules = Annotated[list[Path] | None, typer.Option(help="Sigma rules to use: folder, zip or YAML file; repeatable.", show_default=False)]  # fmt: skip
Clock = Annotated[list[str] | None, typer.Option(metavar="SOURCE=OFFSET", help="Offset, e.g. host:WS07=+2h; repeatable.", show_default=False)]  # fmt: skip
Since = Annotated[str, typer.Option(help="Only what happened at or after this time (ISO 8601, UTC if no zone).", show_default=False)]  # fmt: skip
Until = Annotated[str, typer.Option(help="Only what happened before this time.", show_default=False)]
Priority = Annotated[int | None, typer.Option(min=0, max=9, help="9 goes first.", show_default=False)]
Deadline = Annotated[float | None, typer.Option(metavar="SECONDS", help="Give up when it is not over by then.", show_default=False)]  # fmt: skip
Watch = Annotated[bool, typer.Option("--watch", help="Stay and watch it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(app: typer.Typer) -> None:
    """Hang the commands on the program."""
    run = typer.Typer(
        no_args_is_help=True,
        help="Runs on a server: start, list, watch, cancel, retry. "
        "Sign in with `ircopilot login`, or set $IRCOPILOT_URL and $IRCOPILOT_API_KEY.",
    )
    run.command("start", epilog="Example:  ircopilot run start INC-7 --since 2026-03-01 --rules sigma/ --watch")(start)
    run.command("list", epilog="Example:  ircopilot run list INC-7 --json")(list_runs)
    run.command("show", epilog="Example:  ircopilot run show INC-7")(show)
    run.command("watch", epilog="Example:  ircopilot run watch INC-7; it goes on where it was when the line breaks")(
        watch
    )
    run.command("cancel", epilog="Example:  ircopilot run cancel INC-7 --reason 'wrong evidence'")(cancel)
    run.command("retry", epilog="Example:  ircopilot run retry INC-7 --from forensic --rules new-rules/")(retry)
    run.command("dead-letters")(dead_letters)
    run.command("redrive", epilog="Example:  ircopilot run redrive JOB, as `run dead-letters` shows it")(redrive)
    app.add_typer(run, name="run")


def start(
    incident: Incident, stage: Stage = "collect", rules: Rules = None, clock: Clock = None, since: Since = "",
    until: Until = "", priority: Priority = None, deadline: Deadline = None, stay: Watch = False,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Start a run over all that was handed in to an incident."""
    with connected() as client:
        asked = _asked(client, rules, clock, since, until)
        run = client.start_run(incident, first_stage=stage, priority=priority, deadline_s=deadline, **asked)
        _told(client, run, stay, as_json)


def retry(
    which: Which, stage: Stage = "collect", rules: Rules = None, clock: Clock = None, since: Since = "",
    until: Until = "", priority: Priority = None, deadline: Deadline = None, stay: Watch = False,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """A new run like the last one, from a stage on, with what is changed; its results stand beside the old."""
    with connected() as client:
        asked = _asked(client, rules, clock, since, until)
        run_id = _find(client, which)["id"]
        run = client.retry_run(run_id, first_stage=stage, priority=priority, deadline_s=deadline, **asked)
        _told(client, run, stay, as_json)


def list_runs(
    incident: Annotated[str, typer.Argument(metavar="[INC]", help="Of this incident alone.", show_default=False)] = "",
    limit: Annotated[int, typer.Option(min=1, max=200)] = 20,
    as_json: AsJson = False,
) -> None:
    """Show runs, newest first."""
    from ircopilot.cli.run_show import print_runs

    with connected() as client:
        found = client.list_runs(incident or None, limit)["items"]
    print_json(found) if as_json else print_runs(found)


def show(which: Which, as_json: AsJson = False) -> None:
    """Show a run, what it was asked to do, and what it made."""
    from ircopilot.cli.run_show import print_run

    with connected() as client:
        run = _find(client, which)
        outputs = client.list_outputs(run["id"])
    print_json({**run, "outputs": outputs}) if as_json else print_run(run, outputs)


def watch(
    which: Which,
    after: Annotated[int, typer.Option(help="Only events after this number.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Watch a run until it is over; exit code 1 unless it is done."""
    with connected() as client:
        _watch(client, _find(client, which)["id"], after, as_json)


def cancel(
    which: Which,
    reason: Annotated[str, typer.Option(help="Why, for the record.", show_default=False)] = "",
    as_json: AsJson = False,
) -> None:
    """Stop a run."""
    with connected() as client:
        _told(client, client.cancel_run(_find(client, which)["id"], reason or None), False, as_json)


def dead_letters(as_json: AsJson = False) -> None:
    """Show jobs that were given up, and why."""
    from ircopilot.cli.run_show import print_dead_letters

    with connected() as client:
        found = client.list_dead_letters()
    print_json(found) if as_json else print_dead_letters(found)


def redrive(
    job: Annotated[str, typer.Argument(help="Id of the job.", show_default=False)],
    stay: Watch = False,
    as_json: AsJson = False,
) -> None:
    """Send a job that was given up once more, and go on with its run."""
    with connected() as client:
        _told(client, client.redrive_job(job), stay, as_json)


def _asked(client: Client, rules: list[Path] | None, clock: list[str] | None, since: str, until: str) -> dict[str, Any]:
    """What was asked for by option, rule sets handed in. What was not asked for is left out."""
    missing = [path for path in rules or [] if not path.exists()]
    if missing:
        raise UnusableArgument(f"{missing[0]} does not exist", "give a folder, zip or YAML file of Sigma rules")
    window = parse_window(since, until)
    asked: dict[str, Any] = {"since": window.since, "until": window.until}
    if clock:
        asked["clocks"] = {source: offset.total_seconds() for source, offset in map(parse_clock, clock)}
    if rules:
        asked["rules"] = [client.upload_rules(path) for path in rules]
    return asked


def _find(client: Client, which: str) -> dict[str, Any]:
    """The run of that id, or the latest one of the incident of that key."""
    try:
        return client.get_run(str(uuid.UUID(which)))
    except ValueError:
        pass
    found: list[dict[str, Any]] = client.list_runs(which, 1)["items"]
    if not found:
        raise UnusableArgument(f"incident {which} has had no run", f"start one: ircopilot run start {which}")
    return found[0]


def _told(client: Client, run: dict[str, Any], stay: bool, as_json: bool) -> None:
    if stay:
        _watch(client, run["id"], 0, as_json)
    elif as_json:
        print_json(run)
    else:
        print(f"run {run['id']} of {run['incident']} is {run['state']}")


def _watch(client: Client, run_id: str, after: int, as_json: bool) -> None:
    from ircopilot.cli.run_show import RunBars

    if as_json:
        for event in client.watch(run_id, after):
            line = {"number": event.number, "stage": event.stage, "at": event.at.isoformat(), **event.payload}
            print(json.dumps(line, ensure_ascii=True), flush=True)
    else:
        with RunBars() as bars:
            for event in client.watch(run_id, after):
                bars.show(event)
    run = client.get_run(run_id)
    if not as_json:
        print(f"run {run_id} of {run['incident']} is {run['state']}" + (f": {run['error']}" if run["error"] else ""))
    if run["state"] != "done":
        raise typer.Exit(1)
