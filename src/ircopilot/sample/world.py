"""The company of the sample incident: its hosts, people, networks and times. All of it is invented.

Public addresses are of the documentation ranges (RFC 5737), names of companies end in `.example` (RFC 2606), the
AWS account and keys are those of AWS's own documentation.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime

DOMAIN = "HOLLOWBROOK"
DNS_SUFFIX = "hollowbrook.example"
DOMAIN_SID = "S-1-5-21-1404920117-2261980340-3340178652"
MIDNIGHT = datetime(2026, 3, 10, tzinfo=UTC).timestamp()

# What exporters and sensors add to the true time, in seconds.
VICTIM_CLOCK_S = 7200.0  # the exporter on FIN-WS07 writes the local time of Helsinki and ends it with a Z
SENSOR_DRIFT_S = 20.4  # the clock of the Zeek sensor runs ahead

RESOLVER = "10.20.1.10"
EGRESS = "192.0.2.10"  # the company's own address on the internet
SCANNER = "10.20.9.50"
BUILD_SERVER = "10.20.9.20"
JUMP_HOST = "10.20.9.5"

LURE_HOST, LURE_IP = "docs.northgate-billing.example", "198.51.100.23"
C2_HOST, C2_IP = "telemetry.brightleaf-cdn.example", "203.0.113.45"
CLOUD_ATTACKER_IP = "203.0.113.77"
PAYLOAD = "Invoice_88213_viewer.exe"
LURE_URL = f"http://{LURE_HOST}/invoices/88213/{PAYLOAD}"
BUCKET = "hollowbrook-finance-archive"
ACCOUNT = "111122223333"
STOLEN_KEY = "AKIAIOSFODNN7EXAMPLE"
DEVELOPER_KEY = "AKIAI44QH8DHBEXAMPLE"


@dataclass(frozen=True, slots=True)
class User:
    """A domain account."""

    name: str
    rid: int
    logon_id: str
    domain: str = DOMAIN

    @property
    def sid(self) -> str:
        """The account's security identifier."""
        return {"SYSTEM": "S-1-5-18", "LOCAL SERVICE": "S-1-5-19", "NETWORK SERVICE": "S-1-5-20"}.get(
            self.name, f"{DOMAIN_SID}-{self.rid}"
        )

    @property
    def account(self) -> str:
        """DOMAIN\\name, as Sysmon writes it."""
        return f"{self.domain}\\{self.name}"


SYSTEM = User("SYSTEM", 0, "0x3e7", "NT AUTHORITY")
NETWORK_SERVICE = User("NETWORK SERVICE", 0, "0x3e4", "NT AUTHORITY")
MIRA = User("mira.solberg", 1117, "0x5a41c")
TOMAS = User("tomas.reyes", 1122, "0x4f0e2")
LENA = User("lena.fischer", 1104, "0x71b90")
ERP = User("svc-erp", 1131, "0x3a77c")
DEPLOY = User("svc-deploy", 1140, "0x9d2f13")

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Flow:
    """A network connection as it was, with what a sensor could read of it; `extra` holds the log lines beside conn."""

    time: float
    orig_h: str
    orig_p: int
    resp_h: str
    resp_p: int
    proto: str = "tcp"
    service: str = "-"
    duration: float = 0.2
    orig_bytes: int = 400
    resp_bytes: int = 900
    state: str = "SF"
    malicious: bool = False
    extra: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()


@dataclass(slots=True)
class World:
    """What happened, gathered by those who tell it: flows for the sensor, and how many records each told."""

    flows: list[Flow] = field(default_factory=list)
    benign: int = 0
    malicious: int = 0

    def count(self, malicious: bool, records: int = 1) -> None:
        """Count `records` written."""
        if malicious:
            self.malicious += records
        else:
            self.benign += records


def at(clock: str) -> float:
    """`HH:MM:SS[.fff]` of the day of the incident, in UTC, as seconds since 1970."""
    hours, minutes, seconds = clock.split(":")
    return MIDNIGHT + int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def iso(time: float, places: int = 3, separator: str = "T", end: str = "Z") -> str:
    """A time in UTC as ISO 8601 text with `places` decimals."""
    seconds, micros = divmod(round(time * 10**6), 10**6)
    whole = datetime.fromtimestamp(seconds, UTC).strftime(f"%Y-%m-%d{separator}%H:%M:%S")
    return f"{whole}.{f'{micros:06d}'[:places]}{end}" if places else whole + end


def hashes_of(path: str) -> dict[str, str]:
    """The invented digests of a file, the same wherever the same base name is seen."""
    seed = path.rsplit("\\", 1)[-1].lower().encode()
    return {
        "SHA1": hashlib.sha512(b"1" + seed).hexdigest()[:40].upper(),
        "MD5": hashlib.sha512(b"2" + seed).hexdigest()[:32].upper(),
        "SHA256": hashlib.sha512(b"3" + seed).hexdigest()[:64].upper(),
        "IMPHASH": hashlib.sha512(b"4" + seed).hexdigest()[:32].upper(),
    }
