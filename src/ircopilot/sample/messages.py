"""What people and products said: the Slack export and the alerts of the endpoint product.

Source: Slack, "How to read Slack data exports" (users.json, channels.json, one file per channel and day).
"""

from __future__ import annotations

import json

from ircopilot.sample.dice import Dice
from ircopilot.sample.world import DNS_SUFFIX, Json, World, at, iso

PEOPLE = {
    "mira.solberg": ("U0MIRA001", "Mira Solberg"), "tomas.reyes": ("U0TOMAS02", "Tomas Reyes"),
    "lena.fischer": ("U0LENA003", "Lena Fischer"), "priya.nair": ("U0PRIYA04", "Priya Nair"),
}  # fmt: skip
CHANNELS = {"general": "C0GENERAL", "it-help": "C0ITHELP0", "incident-response": "C0INCRESP"}

THREADS = (
    ("it-help", "07:18:40", "tomas.reyes", "I locked myself out again. Never mind, the new password works now."),
    ("it-help", "08:57:20", "mira.solberg",
     "Hi, my laptop is slow since this morning, the fan is loud, and an invoice from Northgate Billing did not open."),
    ("it-help", "09:02:11", "lena.fischer", "Hi Mira, please save your work and do not restart, I will have a look."),
    ("it-help", "09:03:02", "mira.solberg",
     "It was a link in a mail: Invoice_88213_viewer.exe. I opened it, nothing happened."),
    ("incident-response", "09:38:15", "priya.nair",
     "Alert EDR-20713 on FIN-WS07: rundll32.exe wrote the memory of lsass.exe. Looking into it."),
    ("incident-response", "09:41:50", "lena.fischer",
     "Mira in finance wrote at 08:57 that FIN-WS07 is slow since she opened an invoice."),
    ("incident-response", "09:52:30", "priya.nair", "Action: isolated host FIN-WS07 from the network."),
    ("incident-response", "09:54:05", "priya.nair", "Action: isolated host APP-SRV02, HBdiag.exe calls out too."),
    ("incident-response", "09:56:31", "lena.fischer",
     "Action: deactivated the AWS access key of svc-reporting and disabled svc-deploy."),
    ("incident-response", "10:10:00", "priya.nair", "Collecting logs: four hosts, jump01, Zeek, CloudTrail."),
)  # fmt: skip
SMALL_TALK = (
    "Good morning!", "The coffee machine on the second floor is out of order.", "Release 4.18.2 is out.",
    "Who has the projector?", "Lunch at 12?", "The printer in finance is fixed.", "Reminder: timesheets until Friday.",
    "Nightly scan ran from 10.20.9.50, expect noise in the logs.", "Build 1882 is green.", "Thanks!",
)  # fmt: skip

ALERTS = (
    ("EDR-20655", "07:05:41", "low", "Encoded PowerShell command", "OPS-WS03", "NT AUTHORITY\\SYSTEM",
     "powershell.exe was started with an encoded command by TidemarkAgent.exe", "powershell.exe", "false_positive"),
    ("EDR-20661", "07:33:10", "medium", "Network scan", "jump01", "-",
     "10.20.9.50 connected to 14 ports of this host", "-", "false_positive"),
    ("EDR-20690", "08:13:07", "low", "Discovery commands", "OPS-WS03", "HOLLOWBROOK\\lena.fischer",
     "whoami.exe and ipconfig.exe were run within one minute", "cmd.exe", "false_positive"),
    ("EDR-20713", "08:58:41", "high", "Credential dumping from LSASS memory", "FIN-WS07", "HOLLOWBROOK\\mira.solberg",
     "rundll32.exe read the memory of lsass.exe and wrote C:\\ProgramData\\wer88.dmp", "rundll32.exe", "open"),
    ("EDR-20718", "09:15:02", "low", "New service", "DEV-WS12", "NT AUTHORITY\\SYSTEM",
     "Service Microsoft Edge Elevation Service was installed", "services.exe", "false_positive"),
)  # fmt: skip


def slack_export(world: World) -> dict[str, bytes]:
    """The export's files by path: users, channels and one file for each channel's day."""
    dice, days = Dice("slack"), {name: list[Json]() for name in CHANNELS}
    for channel, clock, user, text in THREADS:
        days[channel].append(_message(at(clock), user, text))
    for _ in range(70):
        user = dice.pick(sorted(PEOPLE))
        days["general"].append(_message(dice.seconds(at("07:00:00"), at("11:00:00")), user, dice.pick(SMALL_TALK)))
    world.count(False, sum(len(day) for day in days.values()))
    users = [
        {"id": uid, "name": name, "real_name": real, "profile": {"email": f"{name}@{DNS_SUFFIX}", "real_name": real}}
        for name, (uid, real) in PEOPLE.items()
    ]
    members = [uid for uid, _ in PEOPLE.values()]
    channels = [{"id": cid, "name": name, "members": members} for name, cid in CHANNELS.items()]
    files = {"users.json": _json(users), "channels.json": _json(channels)}
    for name, day in days.items():
        files[f"{name}/2026-03-10.json"] = _json(sorted(day, key=lambda m: str(m["ts"])))
    return files


def _message(time: float, user: str, text: str) -> Json:
    uid, real = PEOPLE[user]
    return {"type": "message", "user": uid, "text": text, "ts": f"{time:.6f}",
            "user_profile": {"name": user, "real_name": real}}  # fmt: skip


def edr_alerts(world: World) -> bytes:
    """The endpoint product's alerts of the day as one JSON array."""
    names = ("id", "timestamp", "severity", "title", "host", "user", "description", "process", "status")
    rows = [dict(zip(names, alert, strict=True)) for alert in ALERTS]
    for row in rows:
        row["timestamp"] = iso(at(row["timestamp"]))
        world.count(row["status"] == "open")
    return _json(rows)


def _json(value: object) -> bytes:
    return json.dumps(value, indent=1, ensure_ascii=False).encode() + b"\n"
