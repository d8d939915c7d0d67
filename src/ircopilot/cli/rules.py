"""`ircopilot rules`: list, add and check Sigma rule sets."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from ircopilot.settings import data_dir

if TYPE_CHECKING:
    from ircopilot.analysis.sigma import RuleSet

out = Console()


def register(app: typer.Typer) -> None:
    """Hang the commands on the program."""
    rules = typer.Typer(no_args_is_help=True, help="Sigma rule sets: what is installed, add more, check them.")
    rules.command("list")(list_rules)
    rules.command("add")(add_rule_set)
    rules.command("check")(check_rules)
    app.add_typer(rules, name="rules")


def installed_rules(root: Path) -> tuple[Path, ...]:
    """The folders of the rule sets added to the data directory `root`, the starter set not included."""
    from ircopilot.analysis.sigma.rulesets import stored_rules

    return tuple(s.folder for s in stored_rules(root))


def list_rules() -> None:
    """Show the starter set and the rule sets added."""
    from ircopilot.analysis.sigma.cache import STARTER
    from ircopilot.analysis.sigma.rulesets import rules_cache, stored_rules

    table = Table("rule set", "rules", "left out", "where")
    sets = [("starter (built in)", STARTER), *((s.name, s.folder) for s in stored_rules(data_dir()))]
    for name, folder in sets:
        found = _load([folder], rules_cache(data_dir()), starter=False)
        table.add_row(name, str(len(found.rules)), str(len(found.unusable)), str(folder))
    out.print(table)


def add_rule_set(
    path: Annotated[Path, typer.Argument(help="A SigmaHQ checkout, a release zip or a YAML file.")],
) -> None:
    """Copy a rule set into the data directory, compile it, and say what cannot be used."""
    from ircopilot.analysis.sigma.rulesets import add_rules, rules_cache

    stored = add_rules(path, data_dir())
    start = time.perf_counter()
    found = _load([stored.folder], rules_cache(data_dir()), starter=False)
    out.print(f"Added [bold]{stored.name}[/]: {stored.files} files, {len(found.rules)} rules usable, "
              f"{len(found.unusable)} left out, compiled in {time.perf_counter() - start:.1f} s.")  # fmt: skip
    for kind, count in found.unusable_counts().items():
        out.print(f"  {count:5} {kind}")


def check_rules(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Folders or files; default: all rule sets installed.")
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Name every rule that is left out.")] = False,
) -> None:
    """Compile rules and report which cannot be used, and which need a log source that is not read yet."""
    from ircopilot.analysis.sigma.logsources import places_of
    from ircopilot.analysis.sigma.rulesets import rules_cache
    from ircopilot.domain.errors import UnusableArgument

    missing = [p for p in paths or [] if not p.exists()]
    if missing:
        raise UnusableArgument(f"{missing[0]} does not exist.", "Give folders or files of Sigma rules.")
    start = time.perf_counter()
    folders = paths or list(installed_rules(data_dir()))
    found = _load(folders, rules_cache(data_dir()), starter=not paths)
    out.print(f"{len(found.rules)} rules usable, {len(found.unusable)} left out ({time.perf_counter() - start:.1f} s).")
    for kind, count in found.unusable_counts().items():
        out.print(f"  {count:5} {kind}")
    foreign = Counter(str(r.logsource) for r in found.rules if not places_of(r.logsource))
    if foreign:
        out.print(f"{sum(foreign.values())} of the usable rules are for log sources that are not read yet:")
        for source, count in foreign.most_common(None if verbose else 10):
            out.print(f"  {count:5} {source}")
    if verbose:
        for rule in found.unusable:
            out.print(f"{rule.path}: {rule.kind}: {rule.reason}", style="dim", markup=False)


def _load(folders: list[Path], cache: Path, starter: bool) -> RuleSet:
    """The rules of folders, with a bar while they are compiled."""
    from ircopilot.analysis.sigma import load_rules

    columns = (TextColumn("Compiling rules"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=out, transient=True) as bar:
        task = bar.add_task("", total=None)
        return load_rules(folders, cache, starter, lambda done, total: bar.update(task, completed=done, total=total))
