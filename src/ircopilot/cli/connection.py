"""Which gateway the commands speak to, and with which key: from the environment, or kept by `ircopilot login`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ircopilot.domain.errors import UnusableArgument

if TYPE_CHECKING:
    from ircopilot.client import Client

_FILE = "login.json"


@dataclass(frozen=True, slots=True)
class Login:
    """A gateway's address and a key of it."""

    url: str
    api_key: str

    def __repr__(self) -> str:
        return f"Login({self.url})"  # a traceback that shows its locals must not show the key


def login_file(environ: Mapping[str, str] = os.environ) -> Path:
    """Where the key is kept: `$IRCOPILOT_CONFIG_DIR`, else the platform's folder for settings."""
    folder = environ.get("IRCOPILOT_CONFIG_DIR")
    if folder:
        return Path(folder).expanduser() / _FILE
    import platformdirs

    return Path(platformdirs.user_config_dir("ircopilot", appauthor=False)) / _FILE


def keep_login(login: Login) -> Path:
    """Keep the key, for the owner of the file alone; it replaces the one before. Returns where."""
    path = login_file()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump({"url": login.url, "api_key": login.api_key}, file)
    new.replace(path)
    return path


def forget_login() -> bool:
    """Remove the kept key; False when there was none."""
    path = login_file()
    kept = path.exists()
    path.unlink(missing_ok=True)
    return kept


def known_login(server: str = "") -> Login:
    """The gateway to speak to: `server` if given, else `$IRCOPILOT_URL`, else the one signed in to.

    The key is `$IRCOPILOT_API_KEY`, else the kept one, which is shown to no other gateway than its own.
    Raises `UnusableArgument` when one of them is missing.
    """
    kept = _kept()
    url = (server or os.environ.get("IRCOPILOT_URL", "") or (kept.url if kept else "")).rstrip("/")
    key = os.environ.get("IRCOPILOT_API_KEY", "")
    if not key and kept is not None and kept.url == url:
        key = kept.api_key
    if not url.startswith(("http://", "https://")):
        raise UnusableArgument(
            f"{url!r} is no address of a gateway" if url else "no gateway is known",
            "sign in: ircopilot login http://127.0.0.1:7464, or set IRCOPILOT_URL and IRCOPILOT_API_KEY",
        )
    if not key:
        raise UnusableArgument(
            f"no key for {url} is known", f"sign in: ircopilot login {url}, or set IRCOPILOT_API_KEY"
        )
    return Login(url, key)


@contextmanager
def connected(server: str = "") -> Iterator[Client]:
    """A client of the gateway that `known_login` tells."""
    from ircopilot.client import Client

    login = known_login(server)
    with Client(login.url, login.api_key) as client:
        yield client


def _kept() -> Login | None:
    path = login_file()
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return Login(str(told["url"]), str(told["api_key"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnusableArgument(f"{path} cannot be read: {error}", "sign in again: ircopilot login URL") from error
