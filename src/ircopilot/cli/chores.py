"""Asking for a chore and watching it; doing it here when no orchestrator takes it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from ircopilot.domain.errors import ProblemError
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import chores
from ircopilot.stores.postgres.chores import Chore, ChoreKind

LOOK_S = 0.2
UNTAKEN_S = 6.0  # an orchestrator looks every two seconds


class ChoreFailed(ProblemError):
    """A chore came to its end without being done."""

    type = "chore-failed"
    status = 409
    title = "The work was not finished"


def watch_chore(
    stores: StoreSet, org_id: str, kind: ChoreKind, say: Callable[[str], None], *, here: bool = False,
    untaken_s: float = UNTAKEN_S,
) -> Chore:  # fmt: skip
    """Ask for the chore, `say` each new step, and return when it is over. One that is open already is watched instead.

    With `here`, or when nobody has begun it after `untaken_s` seconds, it is done in this process. Raises `ChoreFailed`.
    """
    from ircopilot.pipeline.chores import do_chore

    with stores.database.tenant(org_id) as tx:
        chore = chores.ask_chore(tx, kind)
    begun, told = time.monotonic(), ""
    while True:
        news = chore.error if chore.state == "queued" else f"{chore.done} of {chore.total}: {chore.said}"
        if news and chore.state != "failed" and (chore.total or chore.error) and news != told:
            told = news
            say(news)
        if chore.over:
            if chore.state == "failed":
                raise ChoreFailed(chore.error or "no reason was given", "mend what it names, and ask again")
            return chore
        # Nobody is there to take it: then nobody will be for its further attempts.
        here = here or (not chore.attempt and time.monotonic() - begun >= untaken_s)
        if not (here and do_chore(stores, org_id, chore.chore_id, f"cli:{os.getpid()}")):
            time.sleep(LOOK_S)
        with stores.database.tenant(org_id) as tx:
            chore = chores.find_chore(tx, chore.chore_id) or chore
