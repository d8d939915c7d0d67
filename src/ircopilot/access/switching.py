"""A session goes on in another organisation of the same person, under a new id."""

from __future__ import annotations

from ircopilot.access.caller import Caller
from ircopilot.access.errors import Forbidden, Unauthenticated, UnknownOrganisation
from ircopilot.access.sessions import Begun, Via, Where
from ircopilot.access.sign_in import enter
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import accounts


def switch_organisation(stores: StoreSet, caller: Caller, secret: str, named: str, where: Where) -> Begun:
    """Begin the session there and end the one here. Raises `UnknownOrganisation` for one the person is not active in.

    A session that an organisation's provider began stays in it: what that provider says holds for no other.
    """
    session = stores.sessions.find(secret)
    if session is None:
        raise Unauthenticated("the session is not valid", "sign in: POST /v1/auth/sign-in")
    if session.via == "oidc":
        raise Forbidden("this session was begun by an organisation's own provider", "sign in at the other one")
    chosen = accounts.named_membership(accounts.memberships_of(stores.database, caller.account_id), named)
    if chosen is None:
        raise UnknownOrganisation(f"you are in no organisation {named[:120]!r}", "see yours: GET /v1/me")
    via: Via = "passkey" if session.via == "passkey" else "password"
    return enter(stores, caller.account_id, chosen.org_id, chosen.member_id, via, where, secret, session.factor)
