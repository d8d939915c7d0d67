"""Playbooks: what to do about an incident of some kind, step by step; some come with the program, others are written."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from ircopilot.access.audit import record_act
from ircopilot.access.caller import Caller
from ircopilot.cases.actions import add_planned
from ircopilot.cases.errors import BuiltInPlaybook, UnknownPlaybook, WrongState
from ircopilot.cases.find import open_incident
from ircopilot.domain.errors import PreconditionFailed
from ircopilot.domain.incident import Case
from ircopilot.domain.work import Playbook, PlaybookStep, PlaybookUse, Task
from ircopilot.stores.postgres import Tx
from ircopilot.stores.postgres import playbooks as rows
from ircopilot.stores.postgres.actions import list_actions, lock_board
from ircopilot.stores.postgres.feed import tell_feed


@cache
def built_in() -> dict[str, Playbook]:
    """The playbooks that come with the program, by id."""
    found = {}
    for file in sorted(files("ircopilot.cases.builtin").iterdir(), key=lambda file: file.name):
        if file.name.endswith(".yaml"):
            said: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
            playbook_id = file.name.removesuffix(".yaml")
            found[playbook_id] = Playbook(
                playbook_id=playbook_id, latest=said["version"], built_in=True, created_by="ircopilot", **said
            )
    return found


def list_playbooks(tx: Tx) -> list[Playbook]:
    """All playbooks, those that come with the program first, each in its latest version."""
    return [*built_in().values(), *rows.list_playbooks(tx)]


def seen_playbook(tx: Tx, playbook_id: str, version: int | None = None) -> Playbook:
    """A playbook, in its latest version unless told. Raises `UnknownPlaybook`."""
    found = built_in().get(playbook_id)
    if found is None:
        found = rows.find_playbook(tx, playbook_id, version, archived=version is not None)
    if found is None or version not in (None, found.version):
        said = "" if version is None else f" in version {version}"
        raise UnknownPlaybook(f"no playbook {playbook_id[:100]}{said}", "list them: GET /v1/playbooks")
    return found


def versions_of(tx: Tx, playbook_id: str) -> list[Playbook]:
    """All versions of a playbook, newest first. Raises `UnknownPlaybook`."""
    if playbook_id in built_in():
        return [built_in()[playbook_id]]
    found = rows.list_versions(tx, playbook_id)
    if not found:
        raise UnknownPlaybook(f"no playbook {playbook_id[:100]}", "list them: GET /v1/playbooks")
    return found


def write_playbook(
    tx: Tx, caller: Caller, name: str, description: str, steps: tuple[PlaybookStep, ...]
) -> Playbook:  # fmt: skip
    """Write a playbook of the organisation's own; its first version."""
    playbook_id = str(uuid.uuid4())
    rows.make_playbook(tx, playbook_id)
    rows.add_version(tx, playbook_id, 1, name, description, steps, caller.principal_id)
    record_act(tx, caller, "playbook.write", f"playbook/{playbook_id}", None, {"name": name, "version": 1})
    return seen_playbook(tx, playbook_id)


def rewrite_playbook(
    tx: Tx, caller: Caller, playbook_id: str, seen: int, name: str, description: str, steps: tuple[PlaybookStep, ...]
) -> Playbook:
    """Add a version after the one that the caller has seen. Raises `PreconditionFailed`, `UnknownPlaybook`,
    `BuiltInPlaybook`.
    """
    before = _own(tx, playbook_id)
    if not rows.step_on(tx, playbook_id, seen):
        raise PreconditionFailed(f"it is at version {before.version}, not {seen}", "read it again, then change it")
    rows.add_version(tx, playbook_id, seen + 1, name, description, steps, caller.principal_id)
    record_act(
        tx, caller, "playbook.rewrite", f"playbook/{playbook_id}", {"name": before.name, "version": seen},
        {"name": name, "version": seen + 1},
    )  # fmt: skip
    return seen_playbook(tx, playbook_id)


def archive_playbook(tx: Tx, caller: Caller, playbook_id: str) -> None:
    """Take a playbook off the list. Where it was applied it stays. Raises `UnknownPlaybook`, `BuiltInPlaybook`."""
    before = _own(tx, playbook_id)
    rows.archive_playbook(tx, playbook_id)
    record_act(tx, caller, "playbook.archive", f"playbook/{playbook_id}", {"name": before.name}, None)


def apply_playbook(
    tx: Tx, caller: Caller, key: str, playbook_id: str, version: int | None, now: datetime
) -> tuple[Playbook, list[Task], bool]:
    """Put the steps up as open actions of the incident, due from now on. Returns the playbook, its actions in order, and
    whether it was applied now: applied before, in the same version, it is answered as it stands.

    Raises `UnknownPlaybook`, and `WrongState` when it was applied in another version.
    """
    case = open_incident(tx, caller, key)
    playbook = seen_playbook(tx, playbook_id, version)
    lock_board(tx, case.incident_id)
    if not rows.use_playbook(tx, case.incident_id, playbook, caller.principal_id):
        used = next(use for use in rows.list_uses(tx, case.incident_id) if use.playbook_id == playbook_id)
        if version is not None and used.version != version:
            raise WrongState(f"{playbook_id} was applied to {key} in version {used.version}", "go on with its actions")
        playbook = seen_playbook(tx, playbook_id, used.version) if used.version != playbook.version else playbook
        return playbook, _applied(tx, case, playbook), False
    tasks = [_planned(tx, caller, case, playbook, step, now) for step in playbook.steps]
    told = {"by": caller.principal_id, "by_name": caller.name, "count": len(tasks), "playbook": playbook.name}
    tell_feed(tx, case.incident_id, "action.added", told | {"state": "open"})
    after = {"playbook": playbook_id, "version": playbook.version, "actions": [task.action_id for task in tasks]}
    record_act(tx, caller, "playbook.apply", f"incident/{key}", None, after)
    return playbook, tasks, True


def list_uses(tx: Tx, case: Case) -> list[PlaybookUse]:
    """The playbooks that were applied to an incident."""
    return rows.list_uses(tx, case.incident_id)


def _planned(tx: Tx, caller: Caller, case: Case, playbook: Playbook, step: PlaybookStep, now: datetime) -> Task:
    due = None if step.due_in_minutes is None else now + timedelta(minutes=step.due_in_minutes)
    fields = {"description": step.description, "phase": step.phase, "due_at": due, "role": step.role}
    fields["why"] = f"{playbook.name}, version {playbook.version}"
    return add_planned(tx, case, step.title, _source(playbook), caller.principal_id, fields)


def _applied(tx: Tx, case: Case, playbook: Playbook) -> list[Task]:
    return [task for task in list_actions(tx, case.incident_id) if task.source_ref == _source(playbook)]


def _source(playbook: Playbook) -> str:
    return f"{playbook.playbook_id}@{playbook.version}"


def _own(tx: Tx, playbook_id: str) -> Playbook:
    found = seen_playbook(tx, playbook_id)
    if found.built_in:
        raise BuiltInPlaybook(f"{playbook_id} comes with ircopilot", "write one of your own: POST /v1/playbooks")
    return found
