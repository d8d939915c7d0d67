"""Which routes there are: one line per noun. Each router declares what its callers need."""

from __future__ import annotations

from fastapi import APIRouter

from ircopilot.gateway import evidence_routes, health_routes, live, output_routes, run_routes
from ircopilot.gateway.actions import routes as action_routes
from ircopilot.gateway.artifacts import routes as artifact_routes
from ircopilot.gateway.audit import routes as audit
from ircopilot.gateway.auth import factor_routes, me_routes, oidc_routes, own_key_routes
from ircopilot.gateway.auth import routes as auth_routes
from ircopilot.gateway.comments import routes as comment_routes
from ircopilot.gateway.events import mark_routes
from ircopilot.gateway.events import routes as event_routes
from ircopilot.gateway.evidence import routes as upload_routes
from ircopilot.gateway.exports import routes as export_routes
from ircopilot.gateway.filters import routes as filter_routes
from ircopilot.gateway.findings import citation_routes, entity_routes
from ircopilot.gateway.findings import routes as finding_routes
from ircopilot.gateway.incidents import decide_routes
from ircopilot.gateway.incidents import routes as incident_routes
from ircopilot.gateway.mentions import routes as mention_routes
from ircopilot.gateway.organisations import key_routes, member_routes, provider_routes
from ircopilot.gateway.organisations import routes as organisation_routes
from ircopilot.gateway.playbooks import routes as playbook_routes
from ircopilot.gateway.presence import routes as presence_routes
from ircopilot.gateway.reports import claim_routes
from ircopilot.gateway.reports import routes as report_routes
from ircopilot.gateway.roles import routes as roles

ROUTERS: tuple[APIRouter, ...] = (
    auth_routes.router,
    factor_routes.auth,
    oidc_routes.router,
    me_routes.router,
    own_key_routes.router,
    factor_routes.me,
    organisation_routes.router,
    member_routes.router,
    key_routes.router,
    provider_routes.router,
    incident_routes.router,
    decide_routes.router,
    incident_routes.metrics_router,
    live.router,
    presence_routes.router,
    evidence_routes.router,
    upload_routes.router,
    artifact_routes.router,
    action_routes.router,
    action_routes.everywhere,
    mark_routes.router,
    comment_routes.router,
    mention_routes.router,
    playbook_routes.router,
    playbook_routes.of_incident,
    filter_routes.router,
    event_routes.router,
    entity_routes.router,
    finding_routes.router,
    citation_routes.router,
    report_routes.router,
    claim_routes.router,
    export_routes.router,
    run_routes.router,
    output_routes.router,
    roles.router,
    audit.router,
    health_routes.router,
)
