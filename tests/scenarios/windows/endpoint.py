"""Hosts' processes and connections as endpoint products list them: Falcon's events, SentinelOne's, a table of nobody in particular.

Sources: CrowdStrike, "Events Data Dictionary"; SentinelOne, Deep Visibility's fields.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from typing import Any

from ..making import Tree, zulu
from .machine import SYSMON, Machine, Record

_DISK = "\\Device\\HarddiskVolume3"


def _records(hosts: Sequence[Machine], *codes: int) -> list[tuple[Machine, Record]]:
    found = [(m, r) for m in hosts for r in m.records if r.channel == SYSMON and r.code in codes]
    return sorted(found, key=lambda pair: pair[1].time)


def _sha256(data: dict[str, str]) -> str:
    return next(
        part.removeprefix("SHA256=").lower() for part in data["Hashes"].split(",") if part.startswith("SHA256=")
    )


def falcon(hosts: Sequence[Machine]) -> str:
    """One JSON object a line, as the event search exports them."""
    rows = []
    for m, r in _records(hosts, 1, 3):
        row: Tree = {
            "aid": m.name.lower().ljust(32, "0"), "ComputerName": m.name, "event_platform": "Win", "ContextTimeStamp": f"{r.time.timestamp():.3f}",
        }  # fmt: skip
        if r.code == 1:
            row |= {
                "event_simpleName": "ProcessRollup2", "ImageFileName": _DISK + r.data["Image"][2:], "CommandLine": r.data["CommandLine"],
                "ParentBaseFileName": r.data["ParentImage"].rsplit("\\", 1)[-1], "UserName": r.data["User"], "SHA256HashData": _sha256(r.data),
                "RawProcessId": r.data["ProcessId"], "TargetProcessId": r.data["ProcessGuid"], "ParentProcessId": r.data["ParentProcessGuid"],
            }  # fmt: skip
        else:
            row |= {
                "event_simpleName": "NetworkConnectIP4", "ContextProcessId": r.data["ProcessGuid"], "ContextBaseFileName": r.data["Image"].rsplit("\\", 1)[-1],
                "RemoteAddressIP4": r.data["DestinationIp"], "RemotePort": r.data["DestinationPort"], "LocalAddressIP4": r.data["SourceIp"],
                "LocalPort": r.data["SourcePort"], "Protocol": "6",
            }  # fmt: skip
        rows.append(row)
    return "".join(json.dumps(row) + "\n" for row in rows)


def _csv(names: str, rows: Iterable[Sequence[Any]]) -> str:
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(names.split())
    table.writerows(rows)
    return out.getvalue()


def sentinel_one(hosts: Sequence[Machine]) -> str:
    """Deep Visibility's table of process creations."""
    names = (
        "eventType eventTime endpointName osType srcProcName srcProcImagePath srcProcCmdLine srcProcPid srcProcUser tgtProcName tgtProcImagePath "
        "tgtProcCmdLine tgtProcPid tgtProcUser tgtProcImageSha256"
    )
    return _csv(names, (
        ("Process Creation", zulu(r.time, 3), m.name, "windows", d["ParentImage"].rsplit("\\", 1)[-1], d["ParentImage"], d["ParentCommandLine"],
         d["ParentProcessId"], d["ParentUser"], d["Image"].rsplit("\\", 1)[-1], d["Image"], d["CommandLine"], d["ProcessId"], d["User"], _sha256(d))
        for m, r in _records(hosts, 1) for d in (r.data,)
    ))  # fmt: skip


def table(hosts: Sequence[Machine]) -> str:
    """Columns as an analyst's export names them."""
    names = "timestamp hostname username process_name process_path process_cmdline process_pid parent_name parent_path parent_cmdline parent_pid process_sha256"
    return _csv(names, (
        (zulu(r.time, 3), m.name, d["User"], d["Image"].rsplit("\\", 1)[-1], d["Image"], d["CommandLine"], d["ProcessId"],
         d["ParentImage"].rsplit("\\", 1)[-1], d["ParentImage"], d["ParentCommandLine"], d["ParentProcessId"], _sha256(d))
        for m, r in _records(hosts, 1) for d in (r.data,)
    ))  # fmt: skip
