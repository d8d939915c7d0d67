"""Rule sets that a user has added: copied out of a folder or a release archive into the data directory.

Only YAML files are taken, under plain relative names and within limits, whatever the archive claims.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ircopilot.analysis.sigma.compile import MAX_RULE_BYTES, rule_files
from ircopilot.domain.errors import UnusableArgument

MAX_FILES = 50_000
MAX_TOTAL_BYTES = 256 << 20
SYMLINK = 0o120000


@dataclass(frozen=True, slots=True)
class StoredRules:
    """A rule set in the data directory: where it lies and how many files it has."""

    name: str
    folder: Path
    files: int


def rules_folder(data_dir: Path) -> Path:
    """Where added rule sets lie."""
    return data_dir / "rules"


def rules_cache(data_dir: Path) -> Path:
    """Where compiled rules lie; may be deleted at any time."""
    return data_dir / "cache"


def stored_rules(data_dir: Path) -> list[StoredRules]:
    """The rule sets added so far, by name."""
    root = rules_folder(data_dir)
    folders = sorted(p for p in root.iterdir() if p.is_dir() and p.name[0] != ".") if root.is_dir() else []
    return [StoredRules(p.name, p, len(rule_files(p))) for p in folders]


def add_rules(given: Path, data_dir: Path) -> StoredRules:
    """Copy the rules of a folder, a YAML file or a zip archive into the data directory, under the name of what was
    given and a digest of its rules; the same rules again are the same set. Raises UnusableArgument."""
    if not given.exists():
        raise UnusableArgument(f"{given} does not exist.", "Give a SigmaHQ checkout, a release zip or a YAML file.")
    root = rules_folder(data_dir)
    root.mkdir(parents=True, exist_ok=True)
    waiting = Path(tempfile.mkdtemp(dir=root, prefix=".adding-"))
    try:
        members = _zip_members(given) if zipfile.is_zipfile(given) else _folder_members(given)
        digest, files = _copy(members, waiting)
        if not files:
            raise UnusableArgument(f"{given} holds no rule files (.yml).", "Give a folder or zip of Sigma rules.")
        name = re.sub(r"[^A-Za-z0-9._-]+", "-", given.stem if given.is_file() else given.resolve().name).strip(".-")
        target = root / f"{name[:60] or 'rules'}-{digest[:10]}"
        if not target.exists():
            waiting.chmod(0o755)
            waiting.rename(target)
    finally:
        shutil.rmtree(waiting, ignore_errors=True)
    return StoredRules(target.name, target, files)


def _copy(members: Iterator[tuple[str, bytes]], folder: Path) -> tuple[str, int]:
    """Write the members; returns the digest over names and bytes, and how many there were."""
    total, count, digest = 0, 0, hashlib.sha256()
    for name, content in members:
        count, total = count + 1, total + len(content)
        if count > MAX_FILES or total > MAX_TOTAL_BYTES:
            raise UnusableArgument(
                f"More than {MAX_FILES} rule files or {MAX_TOTAL_BYTES >> 20} MiB.", "Add the rules in parts."
            )
        digest.update(f"{name}\0".encode() + hashlib.sha256(content).digest())
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    return digest.hexdigest(), count


def _folder_members(root: Path) -> Iterator[tuple[str, bytes]]:
    for path in rule_files(root):
        if path.stat().st_size <= MAX_RULE_BYTES:
            yield (path.name if path == root else path.relative_to(root).as_posix()), path.read_bytes()


def _zip_members(path: Path) -> Iterator[tuple[str, bytes]]:
    """YAML members in order of name; a member that leads elsewhere ends the whole, one that is too large is left out."""
    with zipfile.ZipFile(path) as archive:
        for info in sorted(archive.infolist(), key=lambda i: i.filename):
            if info.is_dir() or not info.filename.lower().endswith((".yml", ".yaml")):
                continue
            name = PurePosixPath(info.filename.replace("\\", "/"))
            is_link = (info.external_attr >> 16) & 0o170000 == SYMLINK
            if name.is_absolute() or ".." in name.parts or ":" in name.parts[0] or is_link:
                raise UnusableArgument(f"The archive's member {info.filename!r} leads outside of it.")
            with archive.open(info) as member:
                content = member.read(MAX_RULE_BYTES + 1)
            if len(content) <= MAX_RULE_BYTES and not any(p.startswith(".") for p in name.parts):
                yield name.as_posix(), content
