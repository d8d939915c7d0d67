"""The unified audit log of Microsoft 365: rows of `Search-UnifiedAuditLog` and of the Purview portal, and the records alone.

The row's column `AuditData` is the record, as JSON in a string; the other columns repeat what it says. Sources: Microsoft,
"Office 365 Management Activity API schema" for the names; "Export, configure, and view audit log records" for the rows.
"""

from __future__ import annotations

from ircopilot.evidence.mappings.base import Layout, Mapping, SourceRow, TimeField, const, field_in, flattened, row
from ircopilot.evidence.mappings.signature import Signature

_OPENED = (
    "multiIf(NOT JSONHas(raw, 'AuditData'), raw, JSONExtractString(raw, 'AuditData') != '', "
    "JSONExtractString(raw, 'AuditData'), JSONExtractRaw(raw, 'AuditData'))"
)

MAPPING = Mapping(
    name="office_audit",
    about="The unified audit log of Microsoft 365",
    layout=Layout("office_audit", flattened(2).sql.replace("raw", _OPENED)),
    sources=(SourceRow("m365.audit"),),
    times=(TimeField("CreationTime"), TimeField("CreationDate")),
    rows=(
        row("event_action", "Operation"),
        row("event_code", "RecordType"),
        row("event_provider", "Workload"),
        const("event_outcome", "failure", when=field_in("ResultStatus", "Failed", "Failure", "False", "UserLoginFailed")),
        const("event_outcome", "failure", when=field_in("Operation", "UserLoginFailed")),
        const("event_outcome", "success"),
        row("error_code", "LogonError", "ErrorNumber"),
        row("cloud_service_name", "Workload"),
        row("cloud_account_id", "OrganizationId"),
        row("user_name", "UserId", "MailboxOwnerUPN"),
        row("user_id", "UserKey"),
        row("user_target_name", "MailboxOwnerUPN", "TargetUserOrGroupName"),
        row("source_ip", "ClientIP", "ClientIPAddress", "ActorIpAddress", via="address"),
        row("user_agent_original", "UserAgent", "ClientInfoString"),
        row("file_name", "SourceFileName"),
        row("url_full", "ObjectId", via="only_url"),
        row("cloud_resource", "ObjectId", "Parameters"),
    ),
    message=("Parameters", "ObjectId"),
)  # fmt: skip

SIGNATURES = (
    Signature("office_audit", (("AuditData",), ("CreationDate", "RecordType", "Operations", "Operation")), 3.5),
    Signature("office_audit", (("Operation",), ("Workload",), ("CreationTime",), ("UserId",)), 3.0),
)
