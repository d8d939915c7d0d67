"""`ircopilot verify OUT_DIR [--evidence DIR]`: is the report what its evidence says?"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ircopilot.domain.errors import UnusableArgument
from ircopilot.evidence.collect import collect
from ircopilot.evidence.reread import read_records
from ircopilot.export.text import visible
from ircopilot.export.verify import Verification, verify_report

SHOWN = 20


class _Keep:
    """A sink for the collector: hashes everything, keeps only the artifacts that the report cites."""

    def __init__(self, folder: Path, wanted: frozenset[str]) -> None:
        self.folder = folder
        self.wanted = wanted
        self.seen: set[str] = set()

    def put(self, pieces: Iterator[bytes]) -> tuple[str, int]:
        """Take all pieces; returns their SHA-256 (hex) and size."""
        digest, size = hashlib.sha256(), 0
        with tempfile.NamedTemporaryFile(dir=self.folder, delete=False) as out:
            path = Path(out.name)
            try:
                for piece in pieces:
                    digest.update(piece)
                    size += len(piece)
                    out.write(piece)
            except BaseException:
                path.unlink()
                raise
        sha256 = digest.hexdigest()
        self.seen.add(sha256)
        if sha256 in self.wanted:
            path.replace(self.folder / sha256)
        else:
            path.unlink()
        return sha256, size

    def read(self, artifact: dict[str, Any], locators: frozenset[str]) -> dict[str, dict[str, Any]]:
        """The records at these places of an artifact. LookupError when it is not in the evidence."""
        path = self.folder / artifact["sha256"]
        if not path.exists():
            raise LookupError("no file in the evidence has this SHA-256")
        with path.open("rb") as stream:
            try:
                return read_records(stream, artifact["format"], set(locators))
            except (ValueError, KeyError) as error:
                raise LookupError(f"{type(error).__name__}: {error}") from error


def verify(
    out_dir: Annotated[Path, typer.Argument(help="Folder that `investigate --out` wrote.")],
    evidence: Annotated[
        list[Path] | None, typer.Option("--evidence", help="The evidence; each cited record is read again from it.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
) -> None:
    """Check a report offline: files, schema, every citation and, with --evidence, every cited record's bytes."""
    for path in evidence or ():
        if not path.exists():
            raise UnusableArgument(f"{path} does not exist", "Name the folder or archive that was investigated.")
    outcome = _verify(out_dir, evidence) if evidence else verify_report(out_dir)
    if as_json:
        typer.echo(json.dumps(_as_json(outcome), indent=1))
    else:
        _print(outcome, Console(highlight=False))
    if not outcome.ok:
        raise typer.Exit(1)


def _verify(out_dir: Path, evidence: list[Path]) -> Verification:
    with tempfile.TemporaryDirectory(prefix="ircopilot-verify-") as folder:
        keep = _Keep(Path(folder), _cited_artifacts(out_dir))
        for _ in collect(evidence, keep):
            pass
        return verify_report(out_dir, keep.read, frozenset(keep.seen))


def _cited_artifacts(out_dir: Path) -> frozenset[str]:
    """What must be kept for reading again; nothing when the report is broken, which `verify_report` then says."""
    try:
        events = json.loads((out_dir / "report.json").read_bytes())["events"]
        return frozenset(str(event["artifact"]) for event in events.values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return frozenset()


def _as_json(outcome: Verification) -> dict[str, Any]:
    checks = [
        {"check": c.name, "looked_at": c.looked_at, "problems": list(c.problems), "skipped": c.skipped}
        for c in outcome.checks
    ]
    return {"ok": outcome.ok, "checks": checks}


def _print(outcome: Verification, console: Console) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    table.add_column("Check")
    table.add_column("Looked at", justify="right")
    table.add_column("Outcome")
    for check in outcome.checks:
        if check.skipped:
            table.add_row("–", check.name, "", Text(check.skipped, style="dim"))
        elif check.problems:
            wrong = Text(f"{len(check.problems):,} false", style="bold red")
            table.add_row(Text("✕", style="red"), check.name, f"{check.looked_at:,}", wrong)
        else:
            table.add_row(Text("✓", style="green"), check.name, f"{check.looked_at:,}", "holds")
    console.print(table)
    for check in outcome.checks:
        for problem in check.problems[:SHOWN]:
            # The words of a broken report are not to be trusted on a terminal either.
            console.print(Text(f"  ✕ {check.name}: {visible(problem)}"), soft_wrap=True)
        if len(check.problems) > SHOWN:
            console.print(Text(f"  … and {len(check.problems) - SHOWN:,} more ({check.name})"))
    console.print(Text("The report holds." if outcome.ok else "The report does not hold.", style="bold"))


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("verify")(verify)
