"""Where everything of one data directory lies, and the short-lived folder for its sockets."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ircopilot.domain.evidence import Frozen
from ircopilot.embedded.errors import StackFailed

# The shortest sun_path is macOS's 104 bytes; the longest name that follows the folder is "/pg/.s.PGSQL.5432.lock".
SOCKET_DIR_LIMIT = 104 - 24


@dataclass(frozen=True, slots=True)
class Layout:
    """The names inside a data directory. Everything in it is for its owner alone (0700)."""

    root: Path

    @property
    def run(self) -> Path:
        """State of the running stack; worthless once it has stopped."""
        return self.root / "run"

    @property
    def lock(self) -> Path:
        """Held by the supervisor for as long as it lives."""
        return self.run / "supervisor.lock"

    @property
    def state(self) -> Path:
        """Where the control socket is, and which processes belong to the stack."""
        return self.run / "stack.json"

    @property
    def secrets(self) -> Path:
        """Passwords, mode 0600."""
        return self.root / "keys" / "stack.json"

    @property
    def service_token(self) -> Path:
        """What the gateway shows the orchestrator, mode 0600."""
        return self.root / "keys" / "service.token"

    @property
    def logs(self) -> Path:
        """What the children say."""
        return self.root / "logs"

    @property
    def vault(self) -> Path:
        """The evidence vault of the embedded mode."""
        return self.root / "vault"

    def make(self) -> None:
        """Create the folders. Raises `StackFailed` when the directory cannot be used."""
        try:
            for folder in (self.root, self.run, self.logs, self.vault, self.secrets.parent):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StackFailed(
                f"the data directory {self.root} cannot be used: {error.strerror}", "set IRCOPILOT_DATA_DIR to another"
            ) from error


class Secrets(Frozen):
    """Random once per data directory."""

    postgres_owner: str
    postgres_app: str
    postgres_lobby: str
    eventstore: str
    nats: str
    redis: str

    def __repr__(self) -> str:
        return "Secrets(…)"

    __str__ = __repr__


def load_secrets(path: Path) -> Secrets:
    """The data directory's secrets, made at the first call; mode 0600, written whole or not at all."""
    known = json.loads(path.read_bytes()) if path.exists() else {}
    found = {name: known.get(name) or secrets.token_urlsafe(24) for name in Secrets.model_fields}
    if found != known:
        write_private(path, json.dumps(found).encode())
    return Secrets.model_validate(found)


def write_private(path: Path, data: bytes) -> None:
    """Replace `path` by `data` in one step, readable by its owner only, on the disk before this returns."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def make_socket_dir(*, others_enter: bool) -> Path:
    """A fresh folder with a short name for Unix sockets.

    `others_enter` lets another account walk through it to a socket folder of its own (Postgres, when we are root).
    """
    candidates = [
        "" if others_enter else os.environ.get("XDG_RUNTIME_DIR", ""),
        tempfile.gettempdir(),
        "/tmp",  # noqa: S108 - mkdtemp makes a private folder in it
        "/var/tmp",  # noqa: S108
    ]
    for base in filter(None, candidates):
        if len(os.fsencode(base)) + len("/ircopilot-12345678") > SOCKET_DIR_LIMIT or not os.access(
            base, os.W_OK | os.X_OK
        ):
            continue
        if others_enter and not _open_to_others(Path(base)):
            continue
        folder = Path(tempfile.mkdtemp(prefix="ircopilot-", dir=base))
        folder.chmod(0o711 if others_enter else 0o700)
        return folder
    raise StackFailed("no writable folder with a short name for sockets", "set TMPDIR or XDG_RUNTIME_DIR to one")


def _open_to_others(folder: Path) -> bool:
    """Whether every folder on the way may be walked through by any account: a private TMPDIR of root's may not."""
    whole = folder.resolve()
    return all(part.stat().st_mode & stat.S_IXOTH for part in (whole, *whole.parents))


def remove_socket_dir(folder: str) -> None:
    """Remove a socket folder that `make_socket_dir` made, also one that a killed supervisor left behind."""
    path = Path(folder)
    if (
        path.name.startswith("ircopilot-")
        and path.is_dir()
        and not path.is_symlink()
        and path.stat().st_uid == os.geteuid()
    ):
        shutil.rmtree(path, ignore_errors=True)
