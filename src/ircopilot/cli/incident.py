"""`ircopilot incident` and `ircopilot upload`: incidents on a server, and evidence for them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, cast

import typer

from ircopilot.cli.connection import connected
from ircopilot.cli.run_show import print_columns, print_json
from ircopilot.domain.errors import UnusableArgument

Key = Annotated[str, typer.Argument(metavar="INC", help="Key of the incident.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Severity = Annotated[str, typer.Option(help="informational, low, medium, high or critical.", show_default=False)]
Status = Annotated[str, typer.Option(help="A phase of NIST SP 800-61, as containment.", show_default=False)]
Lead = Annotated[str, typer.Option(help="Id of the member who leads.", show_default=False)]
Tags = Annotated[list[str] | None, typer.Option("--tag", help="Repeatable.", show_default=False)]
Note = Annotated[str, typer.Option(help="For the record.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Hang the commands on the program."""
    incident = typer.Typer(no_args_is_help=True, help="Incidents on a server. Sign in first: `ircopilot login URL`.")
    incident.command("list", epilog="Example:  ircopilot incident list --status containment --severity critical")(
        list_incidents
    )
    incident.command("open", epilog="Example:  ircopilot incident open 'Laptop of accounting' --severity high")(
        open_incident
    )
    incident.command("show", epilog="Example:  ircopilot incident show INC-7 --json")(show)
    incident.command("set", epilog="Example:  ircopilot incident set INC-7 --status eradication --tag vpn")(change)
    incident.command("close", epilog="Example:  ircopilot incident close INC-7 --reason resolved")(close)
    incident.command("reopen", epilog="Example:  ircopilot incident reopen INC-7 --note 'it came back'")(reopen)
    incident.command("merge", epilog="Example:  ircopilot incident merge INC-8 --into INC-7")(merge)
    app.add_typer(incident, name="incident")
    app.command("upload", epilog="Example:  ircopilot upload INC-7 ./evidence mail.eml --run")(upload)


def list_incidents(
    status: Annotated[list[str] | None, typer.Option(help="Repeatable.", show_default=False)] = None,
    severity: Annotated[list[str] | None, typer.Option(help="Repeatable.", show_default=False)] = None,
    tag: Tags = None,
    text: Annotated[str, typer.Option(help="In the key or the title.", show_default=False)] = "",
    still_open: Annotated[bool, typer.Option("--open", help="Leave out those that are closed.")] = False,
    sort: Annotated[str, typer.Option(help="opened, updated, severity or key; with - before it, downwards.")] = "-opened",
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Show incidents."""
    asked: dict[str, Any] = {
        "status": status, "severity": severity, "tag": tag, "text": text or None, "open": still_open or None,
        "sort": sort,
    }  # fmt: skip
    found: list[Any] = []
    with connected() as client:
        cursor: str | None = None
        while len(found) < limit:
            page = client.api.list_incidents(**asked, cursor=cursor, limit=min(200, limit - len(found)))
            found += page["items"]
            cursor = page.get("next")
            if cursor is None:
                break
    if as_json:
        print_json(found)
        return
    rows = [("incident", "severity", "status", "opened", "title")]
    rows += [(i["key"], i["severity"], i["status"], i["opened_at"][:16].replace("T", " "), i["title"]) for i in found]
    print_columns(rows)


def open_incident(
    title: Annotated[str, typer.Argument(help="What people call it.", show_default=False)],
    key: Annotated[str, typer.Option(help="Its key, as INC-7; one is made if left out.", show_default=False)] = "",
    severity: Severity = "",
    status: Status = "",
    lead: Lead = "",
    tag: Tags = None,
    as_json: AsJson = False,
) -> None:
    """Open an incident; prints its key."""
    with connected() as client:
        body = _given(title=title, key=key, severity=severity, status=status, lead=lead, tags=tag)
        made = client.api.open_incident(cast("Any", body))
    print_json(made) if as_json else print(made["key"])


def show(key: Key, as_json: AsJson = False) -> None:
    """Show an incident and what was handed in."""
    with connected() as client:
        found = client.api.get_incident(key)
    if as_json:
        print_json(found)
        return
    rows = [(name.replace("_", " "), _text(value)) for name, value in found.items() if value and name != "evidence"]
    rows += [("evidence", f"{d['name']}  {d['size']:,} bytes  sha256 {d['sha256']}") for d in found["evidence"]]
    print_columns(rows)


def change(
    key: Key,
    title: Annotated[str, typer.Option(show_default=False)] = "",
    summary: Annotated[str, typer.Option(show_default=False)] = "",
    severity: Severity = "",
    status: Status = "",
    lead: Lead = "",
    tag: Tags = None,
    tlp: Annotated[str, typer.Option(help="red, amber+strict, amber, green or clear.", show_default=False)] = "",
    as_json: AsJson = False,
) -> None:
    """Change what is given, and nothing else. Who changed it in the meantime is not overwritten."""
    body = _given(title=title, summary=summary, severity=severity, status=status, lead=lead, tags=tag, tlp=tlp)
    if not body:
        raise UnusableArgument("nothing is to be changed", "give an option, as --status containment")
    with connected() as client:
        seen = client.api.get_incident(key)["version"]
        made = client.api.change_incident(key, cast("Any", body), if_match=f'"v{seen}"')
    _told(made, as_json)


def close(
    key: Key,
    reason: Annotated[str, typer.Option(help="resolved, false-positive, duplicate, accepted-risk or other.")] = "resolved",
    note: Note = "",
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Close an incident."""
    with connected() as client:
        _told(client.api.close_incident(key, cast("Any", _given(reason=reason, note=note))), as_json)


def reopen(key: Key, note: Note = "", as_json: AsJson = False) -> None:
    """Open a closed incident again."""
    with connected() as client:
        _told(client.api.reopen_incident(key, cast("Any", _given(note=note))), as_json)


def merge(
    key: Key,
    into: Annotated[str, typer.Option(metavar="INC", help="The incident that goes on.", show_default=False)],
    note: Note = "",
    as_json: AsJson = False,
) -> None:
    """Put an incident's evidence and work into another one, and close it."""
    with connected() as client:
        _told(client.api.merge_incident(key, cast("Any", _given(into=into, note=note))), as_json)


def upload(
    key: Key,
    evidence: Annotated[list[Path], typer.Argument(help="Files, folders or archives.", show_default=False)],
    run: Annotated[bool, typer.Option("--run", help="Start a run that looks into it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Hand evidence in to an incident. What is there already is not doubled, so the same command again goes on."""
    from ircopilot.cli.remote import hand_in, named_files

    files, not_read = named_files(tuple(evidence))
    if not files:
        raise UnusableArgument("there is no file in the evidence given", "give at least one file of evidence")
    with connected() as client:
        handed = hand_in(client, key, files, quiet=as_json)
        started = client.start_run(key) if run else None
    for name, reason in not_read:
        typer.echo(f"not read: {name}: {reason}", err=True)
    if as_json:
        print_json({"deposits": handed, "run": started, "not_read": not_read})
        return
    print_columns([(d["sha256"], f"{d['size']:,}", d["name"]) for d in handed])
    if started is not None:
        print(f"run {started['id']} of {key} is {started['state']}")


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value not in ("", None)}


def _told(incident: Any, as_json: bool) -> None:
    print_json(incident) if as_json else print(f"{incident['key']} is at {incident['status']}, {incident['severity']}")


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
