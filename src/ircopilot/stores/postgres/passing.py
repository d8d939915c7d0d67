"""Which failures of the database pass by themselves: what was being done may be done again, whole."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ircopilot.stores.postgres.errors import DatabaseUnreachable


def is_passing(error: BaseException) -> bool:
    """Whether the server is away, restarts, has no room, or chose this transaction as a deadlock's victim.

    Whether a lost commit took place is not known then: only what finds its own traces may be repeated.
    """
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    return isinstance(error, (OperationalError, InterfaceError, PoolTimeout, DatabaseUnreachable))
