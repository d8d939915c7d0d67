"""The explicit tables of what can be read: decoders by name, mappings by name, and how mappings are recognised.

Records that no signature fits get a mapping inferred from their names and values (`mappings/generic.py`).
"""

from __future__ import annotations

from ircopilot.evidence.decoders.csv_rows import CsvRows
from ircopilot.evidence.decoders.evtx import Evtx
from ircopilot.evidence.decoders.format_list import FormatList
from ircopilot.evidence.decoders.json_array import JsonArray
from ircopilot.evidence.decoders.json_lines import JsonLines
from ircopilot.evidence.decoders.json_objects import JsonObjects
from ircopilot.evidence.decoders.lines import Lines
from ircopilot.evidence.decoders.log_table import EventTable, LogTable
from ircopilot.evidence.decoders.named_columns import NamedColumns
from ircopilot.evidence.decoders.rendered_events import RenderedEvents
from ircopilot.evidence.decoders.windows_text import WindowsText
from ircopilot.evidence.decoders.windows_xml import WindowsXml
from ircopilot.evidence.decoders.zeek_tsv import ZeekTsv
from ircopilot.evidence.mappings import (
    actions,
    cloudtrail,
    defender,
    edr,
    linux,
    office_audit,
    slack,
    vpc_flow,
    w3c,
    windows_signatures,
    zeek,
)
from ircopilot.evidence.mappings.base import Mapping
from ircopilot.evidence.mappings.signature import Signature
from ircopilot.evidence.mappings.windows import WINDOWS_MAPPINGS
from ircopilot.evidence.records import Decoder

DECODERS: dict[str, Decoder] = {
    d.name: d
    for d in (
        Evtx(),
        JsonLines(),
        JsonArray(),
        JsonObjects(),
        ZeekTsv(),
        CsvRows(),
        LogTable(),
        EventTable(),
        RenderedEvents(),
        FormatList(),
        NamedColumns(),
        WindowsXml(),
        WindowsText(),
        Lines(),
    )
}

MAPPINGS: dict[str, Mapping] = {
    m.name: m
    for m in (
        *WINDOWS_MAPPINGS,
        zeek.MAPPING,
        cloudtrail.MAPPING,
        *linux.LINUX_MAPPINGS,
        slack.MAPPING,
        defender.MAPPING,
        edr.MAPPING,
        w3c.MAPPING,
        vpc_flow.MAPPING,
        office_audit.MAPPING,
        actions.MAPPING,
    )
}

SIGNATURES: tuple[Signature, ...] = (
    *windows_signatures.SIGNATURES,
    *zeek.SIGNATURES,
    *cloudtrail.SIGNATURES,
    *linux.SIGNATURES,
    *slack.SIGNATURES,
    *defender.SIGNATURES,
    *edr.SIGNATURES,
    *w3c.SIGNATURES,
    *vpc_flow.SIGNATURES,
    *office_audit.SIGNATURES,
    *actions.SIGNATURES,
)
