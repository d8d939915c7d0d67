"""AWS CloudTrail: events from log files, from the API (`lookup-events`), or shipped by Logstash or Elastic.

`userIdentity`, `requestParameters` and `responseElements` are flattened by dots, so that the credentials an AssumeRole
hands out stay searchable (`responseElements.credentials.accessKeyId`). A Logstash `date` filter moves `eventTime` to
`@timestamp`; both are UTC. Source: AWS CloudTrail user guide, "CloudTrail record contents" and "userIdentity element".
"""

from __future__ import annotations

from ircopilot.evidence.mappings.base import Layout, Mapping, SourceRow, TimeField, const, field_in, flattened, has, row
from ircopilot.evidence.mappings.signature import Signature

# `lookup-events` gives the event as JSON text in a member; documents exported from Elasticsearch stand under `_source`.
# Looking for the name as text first is much cheaper than asking the JSON of every record.
_OPENED = (
    "multiIf(position(raw, '\"CloudTrailEvent\"') > 0 AND JSONHas(raw, 'CloudTrailEvent'), "
    "JSONExtractString(raw, 'CloudTrailEvent'), "
    "position(raw, '\"_source\"') > 0 AND JSONHas(raw, '_source', 'eventName'), JSONExtractRaw(raw, '_source'), raw)"
)
LAYOUT = Layout("cloudtrail", flattened(3).sql.replace("raw", _OPENED))
_REQUEST = "requestParameters."
_USER = "userIdentity."

MAPPING = Mapping(
    name="aws_cloudtrail",
    about="AWS CloudTrail management and data events",
    layout=LAYOUT,
    sources=(SourceRow("aws.cloudtrail"),),
    times=(TimeField("eventTime"), TimeField("@timestamp"), TimeField("EventTime")),
    rows=(
        row("event_action", "eventName", "EventName"),
        row("event_code", "eventType"),
        const("event_outcome", "failure", when=has("errorCode")),
        const("event_outcome", "failure", when=has("errorMessage")),
        const("event_outcome", "failure", when=field_in("responseElements.ConsoleLogin", "Failure")),
        const("event_outcome", "success"),
        row("error_code", "errorCode", "errorMessage"),
        row("event_provider", "eventSource"),
        row("cloud_service_name", "eventSource", "EventSource"),
        row("cloud_identity_type", _USER + "type"),
        row("cloud_identity_arn", _USER + "arn"),
        row("cloud_access_key_id", _USER + "accessKeyId", "AccessKeyId"),
        row("cloud_account_id", "recipientAccountId", _USER + "accountId"),
        row("cloud_region", "awsRegion"),
        row("user_name", _USER + "userName"),
        row("user_name", _USER + "type", when=field_in(_USER + "type", "Root")),
        # The session name is the last part of an assumed role's ARN; the role stands in `cloud_identity_arn`.
        row("user_name", _USER + "arn", _USER + "principalId", via=("last_slash", "after_colon")),
        row("user_name", _USER + "invokedBy", "Username"),
        row("user_id", _USER + "principalId", _USER + "arn"),
        row("user_target_name", _REQUEST + "userName", _REQUEST + "roleName", _REQUEST + "groupName"),
        # A service acting for the user writes its name where the address should be.
        row("source_ip", "sourceIPAddress", via="call_source"),
        row("user_agent_original", "userAgent"),
        row("cloud_resource", _REQUEST + "bucketName", via="bucket_key"),
        row("cloud_resource", _REQUEST + "instanceId", _REQUEST + "instancesSet.items", _REQUEST + "InstanceId",
            via="instances"),
        row("cloud_resource", _REQUEST + "instanceIds", via="plain_list"),
        row("cloud_resource", _REQUEST + "roleArn", _REQUEST + "functionName", _REQUEST + "roleName", _REQUEST + "policyArn",
            _REQUEST + "userName", _REQUEST + "groupName", _REQUEST + "secretId", _REQUEST + "keyId",
            _REQUEST + "snapshotId", _REQUEST + "volumeId", _REQUEST + "groupId", _REQUEST + "dBInstanceIdentifier",
            _REQUEST + "tableName", _REQUEST + "name", _REQUEST + "trailName", _REQUEST + "detectorId",
            _REQUEST + "instanceProfileName", _REQUEST + "stackName", _REQUEST + "parameterName",
            _REQUEST + "target", _REQUEST + "dBSnapshotIdentifier", _REQUEST + "imageId", _REQUEST + "modelId",
            _REQUEST + "guardrailIdentifier", _REQUEST + "resolverQueryLogConfigId", _REQUEST + "documentName"),
        row("cloud_resource", "resources", via="first_arn"),
    ),
    message=("errorMessage",),
)  # fmt: skip

SIGNATURES = (
    Signature("aws_cloudtrail", (("eventName",), ("eventSource",), ("userIdentity", "eventVersion", "awsRegion")), 3.0),
    Signature("aws_cloudtrail", (("CloudTrailEvent",),), 3.0),
    Signature("aws_cloudtrail", (("_source.eventName",), ("_source.eventSource",)), 3.0),
)
