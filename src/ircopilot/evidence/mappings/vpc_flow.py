"""Flow logs of an Amazon VPC: who talked to whom, how much, and whether it was let through.

Source: Amazon VPC user guide, "Flow log records", versions 2 to 5.
"""

from __future__ import annotations

from ircopilot.evidence.mappings.base import FLAT, Mapping, SourceRow, TimeField, const, field_in, row
from ircopilot.evidence.mappings.signature import Signature

MAPPING = Mapping(
    name="aws_vpc_flow",
    about="Flow logs of an Amazon VPC",
    layout=FLAT,
    sources=(SourceRow("aws.vpcflow"),),
    times=(TimeField("start", "epoch"), TimeField("end", "epoch")),
    rows=(
        row("event_action", "action", via="lower"),
        const("event_outcome", "failure", when=field_in("action", "REJECT")),
        const("event_outcome", "success", when=field_in("action", "ACCEPT")),
        row("cloud_account_id", "account-id"),
        row("cloud_resource", "instance-id", "interface-id"),
        row("cloud_region", "region"),
        row("source_ip", "srcaddr", via="only_ip"),
        row("source_port", "srcport"),
        row("destination_ip", "dstaddr", via="only_ip"),
        row("destination_port", "dstport"),
        row("network_transport", "protocol", via="transport"),
        row("source_bytes", "bytes"),
        const("network_direction", "inbound", when=field_in("flow-direction", "ingress")),
        const("network_direction", "outbound", when=field_in("flow-direction", "egress")),
    ),
)

SIGNATURES = (Signature("aws_vpc_flow", (("srcaddr",), ("dstaddr",), ("start", "end")), 3.0),)
