"""Every route declares what its caller needs; the few that ask for nothing are named here."""

from __future__ import annotations

from fastapi.routing import APIRoute

from ircopilot.access.permissions import DEFAULT_ROLES, PERMISSIONS, ROLES
from ircopilot.gateway.door import PUBLIC
from ircopilot.gateway.permit import Needs
from ircopilot.gateway.routers import ROUTERS


def test_every_route_declares_one_permission() -> None:
    for router in ROUTERS:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            declared = [d.dependency.permission for d in route.dependencies if isinstance(d.dependency, Needs)]
            assert len(declared) == (route.path not in PUBLIC), (route.path, declared)
            assert set(declared) <= set(PERMISSIONS)


def test_every_route_has_a_name_of_its_own_and_a_summary() -> None:
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    assert len({route.name for route in routes}) == len(routes)
    assert all(route.description for route in routes)


def test_every_role_is_within_the_owners() -> None:
    assert set(DEFAULT_ROLES) == set(ROLES)
    assert all(DEFAULT_ROLES[role] <= DEFAULT_ROLES["owner"] for role in ROLES)
