"""CloudTrail records, who calls, and what an account does on any day.

Source: AWS CloudTrail user guide, "CloudTrail record contents".
"""

from __future__ import annotations

import json
import random
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from .making import Day, Tree, zulu

ACCOUNT = "210987654321"
DAY = Day("2026-04-14")
CHROME = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/123.0.0.0 Safari/537.36"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: an IAM user with a key, or a role's session."""

    identity: Tree
    ip: str
    agent: str


def user(name: str, key: str, ip: str, agent: str) -> Caller:
    """An IAM user."""
    arn = f"arn:aws:iam::{ACCOUNT}:user/{name}"
    identity = {
        "type": "IAMUser",
        "principalId": f"AIDA{abs(hash_of(name)):015X}"[:21],
        "arn": arn,
        "accountId": ACCOUNT,
        "userName": name,
    }
    return Caller(identity | ({"accessKeyId": key} if key else {}), ip, agent)


def role(name: str, session: str, key: str, ip: str, agent: str) -> Caller:
    """A session of a role."""
    issuer = {
        "type": "Role",
        "principalId": "AROA5EXAMPLE",
        "arn": f"arn:aws:iam::{ACCOUNT}:role/{name}",
        "accountId": ACCOUNT,
        "userName": name,
    }
    context = {
        "sessionIssuer": issuer,
        "webIdFederationData": {},
        "attributes": {"creationDate": "2026-04-14T07:00:00Z", "mfaAuthenticated": "false"},
    }
    identity = {"type": "AssumedRole", "principalId": f"AROA5EXAMPLE:{session}", "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/{session}",
                "accountId": ACCOUNT, "accessKeyId": key, "sessionContext": context}  # fmt: skip
    return Caller(identity, ip, agent)


def hash_of(text: str) -> int:
    """A number that is the same in every process."""
    return uuid.uuid5(uuid.NAMESPACE_OID, text).int % (1 << 60)


@dataclass(slots=True)
class Trail:
    """Collects records."""

    records: list[Tree] = field(default_factory=list)

    def call(
        self,
        time: datetime,
        who: Caller,
        name: str,
        request: Tree | None = None,
        response: Tree | None = None,
        error: str = "",
    ) -> None:
        """One call; `name` is `service:Operation`."""
        service, operation = name.split(":")
        reads = operation.startswith(("Get", "List", "Describe", "Head", "Lookup"))
        record: Tree = {
            "eventVersion": "1.09", "userIdentity": who.identity, "eventTime": zulu(time), "eventSource": f"{service}.amazonaws.com",
            "eventName": operation, "awsRegion": "us-east-1", "sourceIPAddress": who.ip, "userAgent": who.agent, "requestParameters": request,
            "responseElements": response, "requestID": str(uuid.UUID(int=hash_of(f"{time}{name}"))),
            "eventID": str(uuid.UUID(int=hash_of(f"e{time}{name}{len(self.records)}"))),
            "readOnly": reads, "eventType": "AwsConsoleSignIn" if operation == "ConsoleLogin" else "AwsApiCall",
            "managementEvent": operation not in ("GetObject", "PutObject"), "recipientAccountId": ACCOUNT,
        }  # fmt: skip
        if error:
            record |= {
                "errorCode": error,
                "errorMessage": f"User: {who.identity['arn']} is not authorized to perform: {service}:{operation}",
            }
        self.records.append(record)

    def write(self, folder: Path, wrapped: bool) -> None:
        """As AWS delivers it (`Records`), or one record a line."""
        ordered = sorted(self.records, key=lambda r: str(r["eventTime"]))
        text = json.dumps({"Records": ordered}) if wrapped else "".join(json.dumps(r) + "\n" for r in ordered)
        (folder / "cloudtrail.json").write_text(text)


CI_AGENT = "Boto3/1.34.80 md/Botocore#1.34.80 ua/2.0 os/linux#5.15.0-1056-aws md/arch#x86_64 lang/python#3.11.8"
OFFICE = "192.0.2.61"
CI_KEY, DEV_KEY, ADMIN_KEY = "AKIAQEXAMPLECI000001", "AKIAQEXAMPLEDEV00002", "ASIAQEXAMPLEADMIN003"
CI_HOME = user("ci-deploy", CI_KEY, "192.0.2.120", CI_AGENT)
DEVELOPER = user("jonas.weber", DEV_KEY, OFFICE, "aws-cli/2.15.30 Python/3.11.8 Darwin/23.4.0 exe/x86_64 prompt/off")
ADMIN = role("AdministratorAccess", "lena.fischer", ADMIN_KEY, OFFICE, CHROME)


def business(trail: Trail, seed: int, count: int = 260) -> None:
    """What the account does on any day: deployments, a developer's command line, an administrator's console."""
    dice = random.Random(seed)
    for time in DAY.spread(dice, "06:00:00", "17:00:00", count):
        what = dice.randrange(10)
        if what < 5:
            name = dice.choice(("s3:PutObject", "s3:GetObject"))
            trail.call(
                time,
                CI_HOME,
                name,
                {"bucketName": "acme-build-artifacts", "key": f"web/app-{dice.randint(100, 400)}.tgz"},
            )
        elif what < 7:
            trail.call(
                time,
                ADMIN,
                dice.choice(
                    ("ec2:DescribeInstances", "cloudwatch:DescribeAlarms", "rds:DescribeDBInstances", "iam:ListUsers")
                ),
                {},
            )
        elif what < 9:
            trail.call(
                time,
                DEVELOPER,
                dice.choice(("ec2:DescribeInstances", "logs:FilterLogEvents", "s3:ListObjectsV2")),
                {"bucketName": "acme-build-artifacts"},
            )
        else:
            service = Caller(
                {"type": "AWSService", "invokedBy": "autoscaling.amazonaws.com"},
                "autoscaling.amazonaws.com",
                "autoscaling.amazonaws.com",
            )
            trail.call(
                time,
                service,
                "sts:AssumeRole",
                {
                    "roleArn": f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/AutoScaling",
                    "roleSessionName": "AutoScaling",
                },
            )
    trail.call(DAY.at("07:31:00"), DEVELOPER, "sts:GetCallerIdentity")
    trail.call(DAY.at("07:31:40"), DEVELOPER, "s3:ListBuckets")
