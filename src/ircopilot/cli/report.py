"""`ircopilot report`: the report on a server: read it, decide on its claims, see it through to publication."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from ircopilot.cli.connection import connected
from ircopilot.cli.run_show import print_columns, print_json
from ircopilot.domain.errors import UnusableArgument
from ircopilot.export.text import visible

if TYPE_CHECKING:
    from ircopilot.client import Client

Key = Annotated[str, typer.Argument(metavar="INC", help="Key of the incident.", show_default=False)]
Claim = Annotated[str, typer.Argument(metavar="CLAIM", help="Id of the claim, as `report show` tells it.", show_default=False)]  # fmt: skip
Version = Annotated[int, typer.Option(help="Of this version; 0 is the newest.")]
Note = Annotated[str, typer.Option(help="For the record.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
GLYPHS = {"verified": "●", "inferred": "◐", "unknown": "○", "analyst": "✎"}


def register(app: typer.Typer) -> None:
    """Hang the commands on the program."""
    report = typer.Typer(no_args_is_help=True, help="The report on a server. Sign in first: `ircopilot login URL`.")
    report.command("list", epilog="Example:  ircopilot report list INC-7")(list_versions)
    report.command("show", epilog="Example:  ircopilot report show INC-7 --version 2")(show)
    report.command("diff", epilog="Example:  ircopilot report diff INC-7 --from 1 --to 2")(diff)
    report.command("accept", epilog="Example:  ircopilot report accept INC-7 c-4f2a")(accept)
    report.command("reject", epilog="Example:  ircopilot report reject INC-7 c-4f2a --reason 'our own scanner'")(reject)
    report.command("edit", epilog="Example:  ircopilot report edit INC-7 c-4f2a --text 'At 08:41:15 UTC …'")(edit)
    steps = (("submit", "draft → in review"), ("return", "back to draft"), ("approve", "→ approved"))
    for name, about in (*steps, ("publish", "approved → published, for good")):
        report.command(name, help=f"{about}.", epilog=f"Example:  ircopilot report {name} INC-7")(_step(name))
    app.add_typer(report, name="report")


def list_versions(key: Key, as_json: AsJson = False) -> None:
    """Show the versions, newest first."""
    with connected() as client:
        found = client.api.list_report_versions(key)["items"]
    if as_json:
        print_json(found)
        return
    rows = [("version", "state", "made", "of run")]
    print_columns(
        rows + [(str(v["version"]), v["state"], v["made_at"][:19].replace("T", " "), v["run"] or "-") for v in found]
    )


def show(key: Key, version: Version = 0, as_json: AsJson = False) -> None:
    """Show the report, each claim with its standing and its id, and what the gate refused."""
    with connected() as client:
        found = client.api.get_report(key, _version(client, key, version))
    if as_json:
        print_json(found)
        return
    print(f"{visible(found['title'])}: version {found['version']}, {found['state']}")
    for section in found["sections"]:
        print(f"\n{visible(section['title'])}")
        for claim in section["claims"]:
            said = "" if claim["decision"] == "none" else f" ({claim['decision']})"
            print(f"  {GLYPHS[claim['status']]} {visible(claim['text'])}  [{claim['id']}]{said}")
    if found["refused"]:
        print("\nRefused by the gate")
        for refused in found["refused"]:
            print(f"  ✕ {visible(refused['text'])}: {visible('; '.join(refused['reasons']))}")


def diff(
    key: Key,
    of: Annotated[int, typer.Option("--from", help="The older version.", show_default=False)],
    to: Annotated[int, typer.Option("--to", help="The newer version.", show_default=False)],
) -> None:
    """Show what differs between two versions, as JSON."""
    with connected() as client:
        print_json(client.api.compare_report_versions(key, from_=of, to=to))


def accept(key: Key, claim: Claim, version: Version = 0, as_json: AsJson = False) -> None:
    """Accept a claim as it stands."""
    with connected() as client:
        of = _version(client, key, version)
        made = client.api.accept_claim(key, of, claim, if_match=client.api.get_claim(key, of, claim)["etag"])
    _told(made, as_json)


def reject(
    key: Key,
    claim: Claim,
    reason: Annotated[str, typer.Option(help="Why; it is kept with the claim.", show_default=False)],
    version: Version = 0,
    as_json: AsJson = False,
) -> None:
    """Take a claim out of the report, with a reason."""
    with connected() as client:
        of = _version(client, key, version)
        seen = client.api.get_claim(key, of, claim)["etag"]
        made = client.api.reject_claim(key, of, claim, {"reason": reason}, if_match=seen)
    _told(made, as_json)


def edit(
    key: Key,
    claim: Claim,
    text: Annotated[str, typer.Option(help="The new sentence.", show_default=False)],
    own_word: Annotated[
        bool, typer.Option("--own-word", help="Keep it as the analyst's own word where the records do not say it.")
    ] = False,
    version: Version = 0,
    as_json: AsJson = False,
) -> None:
    """Word a claim anew. The gate checks it like a drafted one, and says what the cited records do not show."""
    with connected() as client:
        of = _version(client, key, version)
        seen = client.api.get_claim(key, of, claim)["etag"]
        made = client.api.edit_claim(key, of, claim, {"text": text, "as_analyst_word": own_word}, if_match=seen)
    _told(made, as_json)


def _step(name: str) -> Any:
    def take_step(key: Key, note: Note = "", version: Version = 0, as_json: AsJson = False) -> None:
        with connected() as client:
            of = _version(client, key, version)
            seen = client.api.get_report(key, of)["etag"]
            body = cast("Any", {"note": note or None})
            made = getattr(client.api, f"{name}_report")(key, of, body, if_match=seen)
        print_json(made) if as_json else print(f"version {made['version']} of {key} is {made['state']}")

    return take_step


def _version(client: Client, key: str, version: int) -> str:
    """The version that is meant. Raises `UnusableArgument` when there is none yet."""
    if version:
        return str(version)
    found = client.api.list_report_versions(key)["items"]
    if not found:
        raise UnusableArgument(f"incident {key} has no report yet", f"start a run: ircopilot run start {key} --watch")
    return str(max(v["version"] for v in found))


def _told(claim: Any, as_json: bool) -> None:
    if as_json:
        print_json(claim)
    else:
        print(f"{GLYPHS[claim['status']]} {visible(claim['text'])}  [{claim['id']}] ({claim['decision']})")
