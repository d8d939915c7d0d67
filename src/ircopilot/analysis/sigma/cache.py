"""Rule folders to rule sets, compiled once: the compiled form lies on disk as JSON under the digest of the files.

JSON of our own form and nothing that runs code when read; a file that does not read back is compiled again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import orjson

from ircopilot.analysis.sigma.compile import compile_file, rule_files
from ircopilot.analysis.sigma.rules import Atom, CompiledRule, Logsource, RuleSet, UnusableRule

ENGINE_VERSION = "1"
STARTER = Path(__file__).parent / "starter"
Progress = Callable[[int, int], None]
Outcome = CompiledRule | UnusableRule


def load_rules(
    folders: Sequence[Path], cache: Path | None = None, starter: bool = True, progress: Progress | None = None
) -> RuleSet:
    """The rules of our starter set and of `folders`, from the cache where the files have not changed.

    `cache` is a folder for compiled rules (made when absent; None compiles every time). `progress(done, total)`
    is called while files are compiled, not while a cached set is read.
    """
    roots = ([STARTER] if starter else []) + list(folders)
    outcomes: list[Outcome] = []
    digests = hashlib.sha256()
    for root in roots:
        files = rule_files(root)
        digest = _digest(root, files)
        digests.update(digest.encode())
        outcomes += _load_folder(root, files, digest, cache, progress)
    return _merge(outcomes, digests.hexdigest())


def _load_folder(
    root: Path, files: list[Path], digest: str, cache: Path | None, progress: Progress | None
) -> list[Outcome]:
    stored = cache / f"sigma-{digest[:32]}.json" if cache else None
    if stored is not None and (known := _read(stored, digest)) is not None:
        return known
    outcomes: list[Outcome] = []
    for done, path in enumerate(files, start=1):
        outcomes += compile_file(path, _name(root, path))
        if progress is not None:
            progress(done, len(files))
    if stored is not None:
        _write(stored, digest, outcomes)
    return outcomes


def _name(root: Path, path: Path) -> str:
    return path.name if root == path else path.relative_to(root).as_posix()


def _digest(root: Path, files: Iterable[Path]) -> str:
    """SHA-256 over the engine's version and every file's name and bytes."""
    total = hashlib.sha256(ENGINE_VERSION.encode())
    for path in files:
        total.update(f"\0{_name(root, path)}\0".encode(errors="surrogateescape"))
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def _merge(outcomes: Iterable[Outcome], digest: str) -> RuleSet:
    rules: dict[str, CompiledRule] = {}
    unusable: list[UnusableRule] = []
    for outcome in outcomes:
        if isinstance(outcome, UnusableRule):
            unusable.append(outcome)
        elif outcome.rule_id in rules:
            first = rules[outcome.rule_id].path
            unusable.append(UnusableRule(outcome.path, outcome.title, "duplicate id", f"already given by {first}"))
        else:
            rules[outcome.rule_id] = outcome
    return RuleSet(tuple(rules.values()), tuple(unusable), digest)


def _write(stored: Path, digest: str, outcomes: list[Outcome]) -> None:
    """Write beside the place and rename, so that a reader never sees half a file. Failing to cache is no error."""
    atoms: dict[Atom, int] = {}
    rules: list[Any] = []
    unusable: list[Any] = []
    for outcome in outcomes:
        if isinstance(outcome, UnusableRule):
            unusable.append([outcome.path, outcome.title, outcome.kind, outcome.reason])
            continue
        indexes = [atoms.setdefault(a, len(atoms)) for a in outcome.atoms]
        rules.append([
            outcome.rule_id, outcome.title, outcome.level, list(outcome.techniques), outcome.description,
            list(outcome.logsource), outcome.condition, None if outcome.codes is None else list(outcome.codes),
            outcome.path, indexes,
        ])  # fmt: skip
    document = {"digest": digest, "atoms": [[a.field, a.op, list(a.args), a.cased] for a in atoms], "rules": rules,
                "unusable": unusable}  # fmt: skip
    with contextlib.suppress(OSError):
        stored.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=stored.parent, prefix=".sigma-")
        with os.fdopen(handle, "wb") as out:
            out.write(orjson.dumps(document))
        Path(temporary).replace(stored)


def _read(stored: Path, digest: str) -> list[Outcome] | None:
    """The outcomes kept in a cache file; None when it is absent, damaged or of other rules."""
    try:
        document = orjson.loads(stored.read_bytes())
        if document["digest"] != digest:
            return None
        atoms = [Atom(field, op, tuple(args), cased) for field, op, args, cased in document["atoms"]]
        outcomes: list[Outcome] = [
            CompiledRule(rule_id, title, level, tuple(techniques), description, Logsource(*source), condition,
                         None if codes is None else tuple(codes), path, tuple(atoms[i] for i in indexes))
            for rule_id, title, level, techniques, description, source, condition, codes, path, indexes
            in document["rules"]
        ]  # fmt: skip
        outcomes += [UnusableRule(*u) for u in document["unusable"]]
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return None
    return outcomes
