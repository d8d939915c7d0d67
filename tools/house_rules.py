"""The project's own lint rules, those that no ready-made linter knows. Each finding says what to do instead.

Usage: `python tools/house_rules.py [FILE...]`; without files, all Python under src, tests, tools and benchmarks.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

FILE_LINES = 400
FUNCTION_LINES = 60
SCRIPTED = "tests/scenarios/"  # an invented incident is a list of what happened, in order
GENERATED = ("src/ircopilot/contracts/generated", "src/ircopilot/client/generated")  # nobody reads it
ROOTS = ("src", "tests", "tools", "benchmarks")
FORBIDDEN_NAMES = {"utils.py", "util.py", "helpers.py", "helper.py", "service.py", "services.py", "manager.py"}
# Written in capitals, as the project writes SQL; prose that begins with "select" is no SQL.
SQL = re.compile(
    r"\s*(SELECT\s.+\sFROM\s|INSERT\s+INTO\s|UPDATE\s+\S+\s+SET\s|DELETE\s+FROM\s|(CREATE|ALTER|DROP)\s+TABLE\s)",
    re.DOTALL,
)
RUNS_SQL = {"execute", "executemany", "exec_driver_sql", "commit", "rollback"}
HOME_PATH = re.compile(r"""(?<=["'=\s])/(?:(?:home|Users)/[\w.-]+|root)/[\w.]""")

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken rule: where, which, and what to do instead."""

    path: PurePosixPath
    line: int
    rule: str
    advice: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.advice}"


@dataclass(frozen=True, slots=True)
class Source:
    """A file as the rules see it: its path within the project, text and syntax tree."""

    path: PurePosixPath
    text: str
    tree: ast.Module

    def under(self, *folders: str) -> bool:
        """Whether the file lies in one of `folders` (paths within the project)."""
        return any(self.path.is_relative_to(folder) for folder in folders)


def sql_is_run_only_in_stores(source: Source) -> Iterator[Finding]:
    """`execute`, `commit` and the like are called under stores/ alone, where every function takes the organisation."""
    if not source.under("src") or source.under("src/ircopilot/stores"):
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in RUNS_SQL:
            yield Finding(
                source.path,
                node.lineno,
                "sql-outside-stores",
                f".{node.func.attr}() belongs under stores/, where every function takes the organisation first; "
                "analysis hands its SQL to run_event_query",
            )


def sql_is_written_only_where_it_is_scoped(source: Source) -> Iterator[Finding]:
    """SQL text stands in stores/, in analysis/ (for run_event_query), in the mappings, which compile to it, and in
    the event store's own process, which is the database.
    """
    home = ("stores", "analysis", "evidence/mappings", "embedded/eventstore")
    if not source.under("src") or source.under(*(f"src/ircopilot/{room}" for room in home)):
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL.match(node.value):
            yield Finding(
                source.path,
                node.lineno,
                "sql-text",
                "SQL is written in stores/, beside a detector in analysis/, or in a mapping: move it there",
            )


def rooms_are_small(source: Source) -> Iterator[Finding]:
    """A file has at most 400 lines and a function 60; longer ones are a design question first (scenarios' scripts aside)."""
    lines = source.text.count("\n")
    if lines > FILE_LINES:
        yield Finding(source.path, 1, "file-length", f"{lines} lines, at most {FILE_LINES}: which two things is it?")
    for node in ast.walk(source.tree):
        if isinstance(node, FunctionNode):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES and not str(source.path).startswith(SCRIPTED):
                advice = f"{node.name} has {length} lines, at most {FUNCTION_LINES}: name its steps"
                yield Finding(source.path, node.lineno, "function-length", advice)


def files_are_named_by_what_they_hold(source: Source) -> Iterator[Finding]:
    """No utils.py, helpers.py, service.py, manager.py: such a name invites everything."""
    if source.path.name in FORBIDDEN_NAMES:
        yield Finding(source.path, 1, "file-name", "name the file by what it holds, so that a stranger finds it")


def paths_fit_every_machine(source: Source) -> Iterator[Finding]:
    """No path of one developer's machine. The sample and the tests may quote such paths as evidence does."""
    if source.under("tests", "src/ircopilot/sample"):
        return
    for number, line in enumerate(source.text.splitlines(), 1):
        if HOME_PATH.search(line):
            advice = "this path exists on one machine only: take it from settings, or make it relative"
            yield Finding(source.path, number, "home-path", advice)


def public_names_are_explained(source: Source) -> Iterator[Finding]:
    """Every public module, class, function and method in src and tools says what it is for."""
    if not source.under("src", "tools"):
        return
    if not (ast.get_docstring(source.tree) or "").strip():
        yield Finding(source.path, 1, "docstring", "the first line says what this module is for")
    for node, name in _public(source.tree):
        if not (ast.get_docstring(node) or "").strip():
            yield Finding(source.path, node.lineno, "docstring", f"say what {name} is for, in its first line")


def _public(tree: ast.AST, prefix: str = "") -> Iterator[tuple[ast.ClassDef | FunctionNode, str]]:
    """Public classes and functions of a module, and public methods of such classes; not what functions define."""
    for node in ast.iter_child_nodes(tree):
        if not isinstance(node, ast.ClassDef | FunctionNode) or node.name.startswith("_"):
            continue
        if isinstance(node, ast.ClassDef) or not _inherits_its_docstring(node):
            yield node, prefix + node.name
        if isinstance(node, ast.ClassDef):
            yield from _public(node, f"{prefix}{node.name}.")


def _inherits_its_docstring(node: FunctionNode) -> bool:
    """Overloads, overrides and setters are explained where they are first defined."""
    marks = {ast.unparse(mark).rpartition(".")[2] for mark in node.decorator_list}
    return bool(marks & {"overload", "override", "setter"})


RULES: tuple[Callable[[Source], Iterator[Finding]], ...] = (
    sql_is_run_only_in_stores,
    sql_is_written_only_where_it_is_scoped,
    rooms_are_small,
    files_are_named_by_what_they_hold,
    paths_fit_every_machine,
    public_names_are_explained,
)


def check_source(path: PurePosixPath, text: str) -> list[Finding]:
    """All findings in one file. `path` is relative to the project's root."""
    try:
        source = Source(path, text, ast.parse(text))
    except SyntaxError as error:
        return [Finding(path, error.lineno or 1, "syntax", str(error.msg))]
    return [finding for rule in RULES for finding in rule(source)]


def main(arguments: list[str]) -> int:
    """Print every finding; 1 if there is one."""
    root = Path(__file__).resolve().parent.parent
    given = [Path(name).resolve() for name in arguments]
    every = (path for folder in ROOTS for path in (root / folder).rglob("*.py"))
    files = given or sorted(path for path in every if not any(path.is_relative_to(root / g) for g in GENERATED))
    findings = [
        finding
        for path in files
        for finding in check_source(PurePosixPath(path.relative_to(root).as_posix()), path.read_text(encoding="utf-8"))
    ]
    print(*findings, sep="\n", end="\n" if findings else "")
    print(f"house rules: {len(files)} files, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
