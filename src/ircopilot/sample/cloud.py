"""AWS CloudTrail of the morning: reporting jobs, developers, the console, and one key from a new place.

Source: AWS CloudTrail record contents, event version 1.09.
"""

from __future__ import annotations

import gzip
import json

from ircopilot.sample.dice import Dice
from ircopilot.sample.world import (
    ACCOUNT,
    BUCKET,
    CLOUD_ATTACKER_IP,
    DEVELOPER_KEY,
    EGRESS,
    STOLEN_KEY,
    Json,
    World,
    at,
    iso,
)

ATTACKER_AGENT = "aws-cli/2.15.30 Python/3.11.8 Linux/6.6.9-amd64 exe/x86_64.kali.2024 prompt/off"
REPORTING_AGENT = "Boto3/1.34.51 md/Botocore#1.34.51 ua/2.0 os/linux#5.15.0-97-generic lang/python#3.10.12"
DEVELOPER_AGENT = "aws-cli/2.15.19 Python/3.11.6 Windows/10 exe/AMD64 prompt/off"
CONSOLE_AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/122.0.0.0 Safari/537.36"
ADMIN_KEY = "ASIAIOSFODNN7EXAMPLE"
STOLEN_OBJECTS = (
    "2025/payroll-2025-Q3.csv", "2025/payroll-2025-Q4.csv", "2025/supplier-bank-details.xlsx",
    "2025/annual-accounts-draft.xlsx", "2025/tax-return.pdf", "2026/payroll-2026-01.csv", "2026/payroll-2026-02.csv",
    "2026/supplier-bank-details.xlsx", "2026/contracts-freightline.pdf", "2026/board-minutes-february.docx",
    "2026/insurance-schedule.pdf", "2026/bank-mandates.pdf",
)  # fmt: skip


class Trail:
    """Collects the records of one account."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._dice = Dice("cloudtrail")
        self.records: list[Json] = []

    def call(
        self, time: float, caller: tuple[str, str, str, str], name: str, request: Json | None, error: str = "",
        malicious: bool = False,
    ) -> None:  # fmt: skip
        """Record one call. `caller` is user name, key, address and user agent; `name` is `service:Operation`."""
        user, key, address, agent = caller
        service, operation = name.split(":")
        arn = f"arn:aws:iam::{ACCOUNT}:user/{user}"
        record: Json = {
            "eventVersion": "1.09",
            "userIdentity": {"type": "IAMUser", "principalId": "AIDACKCEVSQ6C2EXAMPLE", "arn": arn,
                             "accountId": ACCOUNT, "accessKeyId": key, "userName": user},
            "eventTime": iso(time, 0), "eventSource": f"{service}.amazonaws.com", "eventName": operation,
            "awsRegion": "eu-west-1", "sourceIPAddress": address, "userAgent": f"[{agent}]",
            "requestParameters": request, "responseElements": None, "requestID": self._dice.guid(),
            "eventID": self._dice.guid(), "readOnly": not operation.startswith(("Put", "Update", "Delete")),
            "eventType": "AwsApiCall", "managementEvent": operation not in ("GetObject", "PutObject"),
            "recipientAccountId": ACCOUNT,
        }  # fmt: skip
        if error:
            record["errorCode"] = error
            record["errorMessage"] = f"User: {arn} is not authorized to perform: {service}:{operation}"
        self._world.count(malicious)
        self.records.append(record)

    def compressed(self) -> bytes:
        """The trail as AWS delivers it: a `Records` wrapper, gzipped. The same records give the same bytes."""
        ordered = sorted(self.records, key=lambda record: str(record["eventTime"]))
        return gzip.compress(json.dumps({"Records": ordered}, separators=(",", ":")).encode(), 6, mtime=0)


def cloud_trail(world: World) -> bytes:
    """The day's CloudTrail file."""
    trail = Trail(world)
    _reporting(trail)
    _developers(trail)
    _console(trail)
    _attack(trail)
    return trail.compressed()


def _reporting(trail: Trail) -> None:
    """The job to which the key belongs: reads and writes in the archive, always from the company's own address."""
    dice, caller = Dice("reporting"), ("svc-reporting", STOLEN_KEY, EGRESS, REPORTING_AGENT)
    for _ in range(420):
        time = dice.seconds(at("07:00:00"), at("09:54:00"))
        operation = dice.pick(("s3:GetObject", "s3:GetObject", "s3:PutObject"))
        key = f"daily/2026-03-{dice.number(1, 9):02d}/ledger-{dice.number(1, 400):03d}.parquet"
        trail.call(time, caller, operation, {"bucketName": BUCKET, "key": key})


def _developers(trail: Trail) -> None:
    dice, caller = Dice("developers"), ("tomas.reyes", DEVELOPER_KEY, EGRESS, DEVELOPER_AGENT)
    trail.call(at("07:41:10"), caller, "sts:GetCallerIdentity", None)
    trail.call(at("07:41:31"), caller, "s3:ListBuckets", None)
    trail.call(at("10:02:18"), caller, "ec2:DescribeInstances", {"instancesSet": {}, "filterSet": {}})
    for _ in range(160):
        time = dice.seconds(at("07:45:00"), at("10:55:00"))
        key = f"web/app-4.{dice.number(10, 18)}.{dice.number(0, 9)}.tar.gz"
        operation = dice.pick(("s3:GetObject", "s3:PutObject"))
        trail.call(time, caller, operation, {"bucketName": "hollowbrook-build-artifacts", "key": key})
    trail.call(at("08:06:40"), caller, "iam:ListRoles", None, error="AccessDenied")


def _console(trail: Trail) -> None:
    """Lena in the console: an ordinary look around, and at the end the answer to the incident."""
    dice, caller = Dice("console"), ("lena.fischer", ADMIN_KEY, EGRESS, CONSOLE_AGENT)
    for _ in range(140):
        time = dice.seconds(at("07:30:00"), at("10:50:00"))
        name = dice.pick(("ec2:DescribeInstances", "ec2:DescribeVolumes", "cloudwatch:DescribeAlarms",
                          "s3:GetBucketVersioning", "rds:DescribeDBInstances"))  # fmt: skip
        trail.call(time, caller, name, {"maxResults": 50})
    trail.call(at("09:56:20"), caller, "iam:UpdateAccessKey",
               {"userName": "svc-reporting", "accessKeyId": STOLEN_KEY, "status": "Inactive"})  # fmt: skip


def _attack(trail: Trail) -> None:
    """The stolen key from an address and a tool that it was never used with."""
    caller = ("svc-reporting", STOLEN_KEY, CLOUD_ATTACKER_IP, ATTACKER_AGENT)
    trail.call(at("09:33:05"), caller, "sts:GetCallerIdentity", None, malicious=True)
    trail.call(at("09:33:21"), caller, "s3:ListBuckets", None, malicious=True)
    trail.call(at("09:33:58"), caller, "iam:ListUsers", None, "AccessDenied", malicious=True)
    trail.call(at("09:34:40"), caller, "s3:ListObjects", {"bucketName": BUCKET, "prefix": "2026/"}, malicious=True)
    for n, key in enumerate(STOLEN_OBJECTS):
        trail.call(at("09:36:10") + 27 * n, caller, "s3:GetObject", {"bucketName": BUCKET, "key": key}, malicious=True)
