"""Sysmon for Linux: an event as XML in the message of a system log line → flat fields under Sysmon's own names.

The XML is one line, machine-written and small; it is read by its two element shapes, so that no XML parser (and none
of its entity tricks) meets attacker-controlled text. Source: Sysmon for Linux, `linuxSysmonForLinux` event manifest.
"""

from __future__ import annotations

import html
import re

SYSTEM = re.compile(r"<(EventID|Version|Level|Task|Opcode|EventRecordID|Channel|Computer)>([^<]*)</")
CREATED = re.compile(r"<TimeCreated SystemTime=[\"']([^\"']+)[\"']")
EXECUTION = re.compile(r"<Execution ProcessID=[\"'](\d+)[\"']")
DATA = re.compile(r"<Data Name=[\"']([^\"']{1,64})[\"']>([^<]*)</Data>")


def read_sysmon_xml(text: str) -> dict[str, str] | None:
    """Fields of a Linux-Sysmon event, or None if the text is none."""
    start = text.find("<Event>")
    if start < 0 or "Linux-Sysmon" not in text[start : start + 200]:
        return None
    body = text[start:]
    found = {name: html.unescape(value) for name, value in SYSTEM.findall(body) if value}
    found["Provider"] = "Linux-Sysmon"
    if created := CREATED.search(body):
        found["SystemTime"] = created[1]
    if execution := EXECUTION.search(body):
        found["ExecutionProcessID"] = execution[1]
    for name, value in DATA.findall(body):
        if value not in ("", "-"):
            found.setdefault(name, html.unescape(value))
    return found
