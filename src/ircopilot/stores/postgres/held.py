"""One transaction for all that a request does: its parts, wherever they ask for a transaction, join it.

So an answer can be kept in the transaction of the work. A part that fails is undone alone, as its own transaction would be.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from contextvars import ContextVar

from ircopilot.stores.postgres.tx import Tx

Opener = Callable[[str], AbstractContextManager[Tx]]


class HeldTransaction:
    """Opened by the first part. Parts may come from any thread, one at a time; they must not wait for each other."""

    def __init__(self, org_id: str) -> None:
        self.org_id = org_id
        self.over = False
        self._lock = threading.RLock()
        self._stack = ExitStack()
        self._tx: Tx | None = None
        self._after: list[Callable[[], object]] = []

    @property
    def is_open(self) -> bool:
        """Whether something was done that is not committed."""
        return self._tx is not None

    @contextmanager
    def part(self, opener: Opener) -> Iterator[Tx]:
        """A part of it; what it raises undoes the part."""
        with self._lock:
            if self._tx is None:
                self._tx = self._stack.enter_context(opener(self.org_id))
            tx = self._tx
            before = {kind: len(late.items) for kind, late in tx.late.items()}
            try:
                with tx.connection.begin_nested():
                    yield tx
            except BaseException:
                for kind, late in tx.late.items():
                    del late.items[before.get(kind, 0) :]
                raise

    def commit(self) -> None:
        """Commit what was done so far; a further part begins another transaction."""
        with self._lock:
            self._tx = None
            self._stack.close()
            after, self._after = self._after, []
        for work in after:
            work()

    def when_committed(self, work: Callable[[], object]) -> None:
        """Do something short, which must not raise, once what was done so far is committed; not at all if it never is."""
        with self._lock:
            self._after.append(work)

    def finish(self, last: Callable[[], None]) -> None:
        """Do the last part and commit, both or neither. From then on, parts are transactions of their own again."""
        with self._lock:
            try:
                last()
                self.over = True
                self.commit()
            except BaseException:
                self.undo()
                raise

    def undo(self) -> None:
        """Roll back what is not committed, and be over."""
        with self._lock:
            self.over = True
            self._tx = None
            self._after = []
            self._stack.__exit__(_Undone, _Undone(), None)


class _Undone(Exception):
    """What the transaction is told, so that it rolls back."""


_HELD: ContextVar[HeldTransaction | None] = ContextVar("held", default=None)


def held_transaction(org_id: str) -> HeldTransaction | None:
    """The transaction that the present request holds for that organisation, if it does and is not over."""
    held = _HELD.get()
    return held if held is not None and not held.over and held.org_id == org_id else None


@contextmanager
def holding(held: HeldTransaction | None) -> Iterator[None]:
    """For the length of the block, what is done in this context, and in threads that it starts, joins that transaction."""
    token = _HELD.set(held)
    try:
        yield
    finally:
        _HELD.reset(token)
