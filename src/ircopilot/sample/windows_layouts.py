"""The two layouts in which the sample exports Windows events: NXLog's JSON lines and Winlogbeat 8's.

Sources: NXLog `to_json()` of im_msvistalog; Elastic Winlogbeat 8.12, exported fields.
"""

from __future__ import annotations

import json

from ircopilot.sample.dice import Dice
from ircopilot.sample.windows import POWERSHELL, SYSMON, Machine, WindowsRecord
from ircopilot.sample.world import Json, iso

PROVIDERS = {
    SYSMON: ("Microsoft-Windows-Sysmon", "{5770385f-c22a-43e0-bf4c-06f5698ffbd9}", "0x8000000000000000"),
    POWERSHELL: ("Microsoft-Windows-PowerShell", "{a0c1853b-5c40-4b15-8766-3cf1c58f985a}", "0x0"),
    "Security": (
        "Microsoft-Windows-Security-Auditing", "{54849625-5478-4994-a5ba-3e3b0328c30d}", "0x8020000000000000",
    ),
    "System": ("Service Control Manager", "{555908d1-a6d7-4695-8e1e-26931d2012f4}", "0x8080000000000000"),
}  # fmt: skip

TITLES = {
    1: "Process Create", 3: "Network connection detected", 5: "Process terminated", 7: "Image loaded",
    8: "CreateRemoteThread detected", 10: "Process accessed", 11: "File created",
    12: "Registry object added or deleted", 13: "Registry value set", 15: "File stream created", 22: "Dns query",
    23: "File Delete archived", 4104: "Creating Scriptblock text (1 of 1)",
    4624: "An account was successfully logged on.", 4625: "An account failed to log on.",
    4648: "A logon was attempted using explicit credentials.", 4672: "Special privileges assigned to new logon.",
    4688: "A new process has been created.", 4689: "A process has exited.",
    5156: "The Windows Filtering Platform has permitted a connection.",
    7045: "A service was installed in the system.",
}  # fmt: skip


def nxlog_lines(m: Machine, clock_s: float = 0.0, by_channel: bool = False) -> bytes:
    """The machine's records as NXLog writes them. `clock_s` is what the exporter adds to the time of each event.

    With `by_channel` the file holds one channel after another, the newest event first, as a viewer's export does.
    """
    records = sorted(m.records, key=lambda r: (r.channel, -r.time) if by_channel else ("", r.time))
    lag = Dice(f"lag of {m.name}")
    return b"".join(_line(_nxlog(m, r, clock_s + lag.seconds(0.01, 0.15))) for r in records)


def _nxlog(m: Machine, r: WindowsRecord, shift: float) -> Json:
    provider, guid, keywords = PROVIDERS[r.channel]
    stamp = iso(r.time + shift)
    return {
        "SourceName": provider, "ProviderGuid": guid, "Level": "4", "Keywords": keywords, "Channel": r.channel,
        "Hostname": m.fqdn, "TimeCreated": stamp, "@timestamp": stamp, "EventID": r.event_id,
        "Message": TITLES[r.event_id], "Task": str(r.event_id), **r.data,
    }  # fmt: skip


def winlogbeat_lines(m: Machine) -> bytes:
    """The machine's records as Winlogbeat 8 ships them."""
    ordered = sorted(m.records, key=lambda r: r.time)
    return b"".join(_line(_winlogbeat(m, r, 88000 + n)) for n, r in enumerate(ordered))


def _winlogbeat(m: Machine, r: WindowsRecord, record_id: int) -> Json:
    provider, guid, keywords = PROVIDERS[r.channel]
    return {
        "@timestamp": iso(r.time),
        "agent": {"name": m.name, "type": "winlogbeat", "version": "8.12.2"},
        "ecs": {"version": "8.0.0"},
        "event": {"action": TITLES[r.event_id], "code": str(r.event_id), "created": iso(r.time + 1.2),
                  "kind": "event", "provider": provider},
        "host": {"name": m.fqdn.lower()},
        "log": {"level": "information"},
        "message": TITLES[r.event_id],
        "winlog": {
            "api": "wineventlog", "channel": r.channel, "computer_name": m.fqdn, "event_data": r.data,
            "event_id": str(r.event_id), "keywords": [keywords], "opcode": "Info",
            "process": {"pid": 3120, "thread": {"id": 4408}}, "provider_guid": guid, "provider_name": provider,
            "record_id": record_id, "task": TITLES[r.event_id],
        },
    }  # fmt: skip


def _line(row: Json) -> bytes:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
