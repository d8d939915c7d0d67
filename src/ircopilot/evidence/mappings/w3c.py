"""W3C extended logs of web servers: IIS and HTTP.sys. Their times are UTC unless the server was told otherwise.

Sources: Microsoft, "W3C Extended Log File Format (IIS 6.0)" and "Configure logging in IIS" for the fields.
"""

from __future__ import annotations

from ircopilot.evidence.mappings.base import PLAIN_MAP, Layout, Mapping, SourceRow, TimeField, const, has, row
from ircopilot.evidence.mappings.signature import Signature

# Day and clock stand in columns of their own.
LAYOUT = Layout(
    "w3c",
    f"mapConcat({PLAIN_MAP} AS m0, map('date time', if(m0['date'] = '', '', concat(m0['date'], ' ', m0['time']))))",
)

MAPPING = Mapping(
    name="w3c",
    about="W3C extended logs of web servers, as IIS writes them",
    layout=LAYOUT,
    sources=(SourceRow("web.access"),),
    times=(TimeField("date time"), TimeField("date-time")),
    rows=(
        row("host_name", "s-computername"),
        row("source_ip", "c-ip", via="only_ip"),
        row("source_port", "c-port"),
        row("destination_ip", "s-ip", via="only_ip"),
        row("destination_port", "s-port"),
        row("destination_domain", "cs-host"),
        row("user_name", "cs-username", via="user_of"),
        row("user_domain", "cs-username", via="before_backslash"),
        row("http_request_method", "cs-method"),
        row("url_full", "cs-uri-stem", "cs-uri", via="w3c_url"),
        row("http_response_status_code", "sc-status"),
        row("source_bytes", "cs-bytes"),
        row("destination_bytes", "sc-bytes"),
        row("user_agent_original", "cs(User-Agent)", via="plus_blanks"),
        const("network_protocol", "http", when=has("cs-method")),
    ),
    message=("cs-uri-query",),
)

SIGNATURES = (Signature("w3c", (("cs-method", "cs-uri-stem"), ("c-ip",), ("sc-status", "time")), 3.0),)
