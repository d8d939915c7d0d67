"""Chores: asked for once, done by one, gone on with after a death or a failure that passes."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from ircopilot.cli.chores import ChoreFailed, watch_chore
from ircopilot.domain.errors import UnusableArgument
from ircopilot.pipeline import chores as doing
from ircopilot.pipeline.chores import do_chore
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import chores, incidents
from ircopilot.stores.postgres.chores import Chore
from ircopilot.stores.postgres.errors import StaleLease
from ircopilot.stores.vault.protocol import RewrapStep, UnreachableVault


@pytest.fixture
def org(stores: StoreSet) -> str:
    made = str(uuid.uuid4())
    with stores.database.tenant(made) as tx:
        incidents.ensure_organisation(tx)
    return made


def ask(stores: StoreSet, org: str) -> Chore:
    with stores.database.tenant(org) as tx:
        return chores.ask_chore(tx, "rewrap")


def found(stores: StoreSet, org: str, chore: Chore) -> Chore:
    with stores.database.tenant(org) as tx:
        now = chores.find_chore(tx, chore.chore_id)
    assert now is not None
    return now


class Ring:
    """Three wrappings to replace, by a key service that fails as it is told to; what was done stays done."""

    def __init__(self, *failures: Exception | None) -> None:
        self.left, self.calls, self._failures = 3, 0, list(failures)

    def __call__(self, _stores: StoreSet, _org: str) -> Iterator[RewrapStep]:
        self.calls += 1
        total = self.left
        for done in range(1, total + 1):
            if self._failures and (failure := self._failures.pop(0)) is not None:
                raise failure
            self.left -= 1
            yield RewrapStep(done, total, f"{self.left} left")


@pytest.fixture
def ring(monkeypatch: pytest.MonkeyPatch) -> type[Ring]:
    def put(one: Ring) -> Ring:
        monkeypatch.setitem(doing._KINDS, "rewrap", one)
        monkeypatch.setattr(doing, "AGAIN_S", 0.0)
        return one

    return lambda *failures: put(Ring(*failures))  # type: ignore[return-value]


def test_who_asks_again_is_shown_the_same_one(stores: StoreSet, org: str) -> None:
    first = ask(stores, org)
    assert ask(stores, org) == first
    assert (first.state, first.attempt) == ("queued", 0)
    assert (org, first.chore_id) in chores.open_chores(stores.database)
    assert do_chore(stores, org, first.chore_id, "w")
    over = found(stores, org, first)
    assert (over.state, over.error, over.over) == ("done", None, True)
    assert over.finished_at is not None
    assert (org, first.chore_id) not in chores.open_chores(stores.database)
    assert not do_chore(stores, org, first.chore_id, "w"), "it is over"
    assert ask(stores, org).chore_id != first.chore_id


def test_one_has_it_until_its_lease_runs_out(stores: StoreSet, org: str) -> None:
    chore = ask(stores, org)
    with stores.database.tenant(org) as tx:
        stopped = chores.lease_chore(tx, chore.chore_id, "stopped", seconds=60)
        assert stopped is not None
    assert not do_chore(stores, org, chore.chore_id, "another")
    with stores.database.tenant(org) as tx:
        chores.note_step(tx, stopped, 1, 2, "one", seconds=0)
    assert do_chore(stores, org, chore.chore_id, "another")
    with pytest.raises(StaleLease), stores.database.tenant(org) as tx:
        chores.note_step(tx, stopped, 2, 2, "two")
    assert found(stores, org, chore).state == "done"


def test_what_passes_is_tried_again_and_goes_on_with_what_is_left(stores: StoreSet, org: str, ring: type[Ring]) -> None:
    keys = ring(None, UnreachableVault("no answer"))
    chore = ask(stores, org)
    assert do_chore(stores, org, chore.chore_id, "w")
    waiting = found(stores, org, chore)
    assert (waiting.state, waiting.done, waiting.total) == ("queued", 1, 3)
    assert "no answer" in str(waiting.error)
    assert do_chore(stores, org, chore.chore_id, "w")
    over = found(stores, org, chore)
    assert (over.state, over.done, over.total, over.said, over.attempt) == ("done", 2, 2, "0 left", 2)
    assert (keys.calls, keys.left) == (2, 0)


def test_what_does_not_pass_is_given_up(stores: StoreSet, org: str, ring: type[Ring]) -> None:
    keys = ring(UnusableArgument("the key is no key"))
    with pytest.raises(ChoreFailed, match="the key is no key"):
        watch_chore(stores, org, "rewrap", print, here=True)
    assert keys.calls == 1
    keys = ring(*[UnreachableVault("no answer")] * 9)
    with pytest.raises(ChoreFailed, match="no answer"):
        watch_chore(stores, org, "rewrap", print, here=True)
    assert keys.calls == chores.MAX_ATTEMPTS


def test_a_command_does_what_nobody_takes(stores: StoreSet, org: str, ring: type[Ring]) -> None:
    ring(None, None, UnreachableVault("no answer"))
    said: list[str] = []
    over = watch_chore(stores, org, "rewrap", said.append, untaken_s=0.0)
    assert (over.state, over.attempt) == ("done", 2)
    assert any("no answer" in line for line in said)
    assert said[-1] == "1 of 1: 0 left"
