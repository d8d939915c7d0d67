"""AWS accounts whose credentials are used by others: a leaked key, a console sign-in, a machine's role, and data events."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path

from .aws_trail import (
    ACCOUNT,
    ADMIN_KEY,
    CHROME,
    CI_HOME,
    CI_KEY,
    DAY,
    DEV_KEY,
    OFFICE,
    Caller,
    Trail,
    business,
    role,
    user,
)
from .making import Scenario, make_truth

# ---------------------------------------------------------------- a leaked key
THIEF = "203.0.113.201"
NEW_KEY = "AKIAQEXAMPLENEW00009"


def _leaked(folder: Path) -> None:
    trail, at = Trail(), DAY.at
    business(trail, 21)
    thief = user(
        "ci-deploy",
        CI_KEY,
        THIEF,
        "aws-cli/2.9.19 Python/3.11.2 Linux/6.1.0-kali9-amd64 source/x86_64.kali.2023 prompt/off",
    )
    trail.call(at("11:02:10"), thief, "sts:GetCallerIdentity")
    trail.call(at("11:02:31"), thief, "iam:ListUsers", None, error="")
    trail.call(at("11:02:55"), thief, "s3:ListBuckets")
    trail.call(at("11:03:20"), thief, "iam:ListAttachedUserPolicies", {"userName": "ci-deploy"})
    trail.call(at("11:04:02"), thief, "ec2:DescribeInstances", {"instancesSet": {}, "filterSet": {}})
    trail.call(at("11:05:10"), thief, "secretsmanager:ListSecrets", None, error="AccessDenied")
    trail.call(
        at("11:06:44"), thief, "iam:CreateUser", {"userName": "backup-svc"}, {"user": {"userName": "backup-svc"}}
    )
    trail.call(
        at("11:07:01"),
        thief,
        "iam:CreateAccessKey",
        {"userName": "backup-svc"},
        {"accessKey": {"accessKeyId": NEW_KEY, "status": "Active", "userName": "backup-svc"}},
    )
    trail.call(
        at("11:07:20"),
        thief,
        "iam:AttachUserPolicy",
        {"userName": "backup-svc", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"},
    )
    second = user(
        "backup-svc",
        NEW_KEY,
        THIEF,
        "aws-cli/2.9.19 Python/3.11.2 Linux/6.1.0-kali9-amd64 source/x86_64.kali.2023 prompt/off",
    )
    trail.call(at("11:10:02"), second, "cloudtrail:DescribeTrails", {"trailNameList": []})
    trail.call(
        at("11:10:40"),
        second,
        "cloudtrail:StopLogging",
        {"name": "arn:aws:cloudtrail:us-east-1:210987654321:trail/org-trail"},
    )
    trail.call(
        at("11:14:15"),
        second,
        "ec2:CreateSnapshot",
        {"volumeId": "vol-0a1b2c3d4e5f60718"},
        {"snapshotId": "snap-0f9e8d7c6b5a43210"},
    )
    share = {
        "createVolumePermission": {"add": {"items": [{"userId": "999988887777"}]}},
        "snapshotId": "snap-0f9e8d7c6b5a43210",
        "attributeType": "CREATE_VOLUME_PERMISSION",
    }
    trail.call(at("11:16:30"), second, "ec2:ModifySnapshotAttribute", share)
    trail.write(folder, wrapped=True)


LEAKED = (
    ("key", 3, (CI_KEY,)), ("identity", 2, ("ci-deploy",)), ("ip", 3, (THIEF,)), ("agent", 2, ("aws-cli/2.9.19", "kali")),
    ("whoami", 2, ("getcalleridentity",)), ("users", 1, ("listusers",)), ("buckets", 1, ("listbuckets",)), ("create", 3, ("createuser & backup-svc",)),
    ("newkey", 3, (f"createaccesskey & {NEW_KEY}", "createaccesskey & backup-svc")), ("newkey_id", 2, (NEW_KEY,)),
    ("admin", 3, ("attachuserpolicy & administratoraccess", "attachuserpolicy & backup-svc")), ("stop", 3, ("stoplogging & org-trail",)),
    ("snapshot", 2, ("createsnapshot",)), ("share", 3, ("modifysnapshotattribute & snap-0f9e8d7c6b5a43210",)), ("foreign", 2, ("999988887777",)),
    ("account", 1, (ACCOUNT,)), ("start", 1, ("2026-04-14 11:02", "2026-04-14t11:02")),
)  # fmt: skip
AWS_OK = "T1087 T1087.004 T1580 T1526 T1619 T1069 T1069.003 T1098 T1078 T1552 T1555 T1555.006 T1578 T1538 T1550 T1528 T1530 T1082 T1201 T1496 T1059.009"


# ---------------------------------------------------------------- the console
FOREIGN = "198.51.100.199"


def _console(folder: Path) -> None:
    trail, at = Trail(), DAY.at
    business(trail, 22)
    mine = user("petra.lang", "", OFFICE, CHROME)
    for day in ("06:55:00", "12:01:00"):
        trail.call(at(day), mine, "signin:ConsoleLogin", None, {"ConsoleLogin": "Success"})
        trail.records[-1]["additionalEventData"] = {
            "MFAUsed": "Yes",
            "LoginTo": "https://console.aws.amazon.com/",
            "MobileVersion": "No",
        }
    agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/119.0.0.0 Safari/537.36"
    intruder = user("svc-legacy", "", FOREIGN, agent)
    for n in range(4):
        trail.call(at(f"13:40:{10 + 9 * n}"), intruder, "signin:ConsoleLogin", None, {"ConsoleLogin": "Failure"})
        trail.records[-1] |= {
            "errorMessage": "Failed authentication",
            "additionalEventData": {"MFAUsed": "No", "LoginTo": "https://console.aws.amazon.com/"},
        }
    trail.call(at("13:41:30"), intruder, "signin:ConsoleLogin", None, {"ConsoleLogin": "Success"})
    trail.records[-1]["additionalEventData"] = {"MFAUsed": "No", "LoginTo": "https://console.aws.amazon.com/"}
    session = user("svc-legacy", "ASIAQEXAMPLECONS0007", FOREIGN, agent)
    trail.call(at("13:42:10"), session, "iam:ListUsers")
    trail.call(
        at("13:43:02"),
        session,
        "iam:CreateUser",
        {"userName": "support-helper"},
        {"user": {"userName": "support-helper"}},
    )
    trail.call(
        at("13:43:20"),
        session,
        "iam:CreateLoginProfile",
        {"userName": "support-helper", "passwordResetRequired": False},
    )
    trail.call(
        at("13:43:45"), session, "iam:AddUserToGroup", {"userName": "support-helper", "groupName": "Administrators"}
    )
    trail.call(at("13:50:00"), session, "ec2:DescribeRegions")
    for n, region in enumerate(("us-east-1", "us-west-2", "eu-central-1")):
        items = {"items": [{"imageId": "ami-0abc12345def67890", "minCount": 8, "maxCount": 8}]}
        made = {"instancesSet": {"items": [{"instanceId": f"i-0aa11bb22cc33dd{n}0", "instanceType": "p3.16xlarge"}]}}
        trail.call(
            at(f"13:5{2 + n}:00"),
            session,
            "ec2:RunInstances",
            {"instancesSet": items, "instanceType": "p3.16xlarge"},
            made,
        )
        trail.records[-1]["awsRegion"] = region
    trail.write(folder, wrapped=False)


CONSOLE = (
    ("ip", 3, (FOREIGN,)), ("identity", 3, ("svc-legacy",)), ("failed", 1, (f"fail & {FOREIGN}",)),
    ("login", 3, (f"consolelogin & {FOREIGN}", f"signed in & {FOREIGN}")), ("mfa", 2, ("mfa", "second factor")),
    ("create", 3, ("createuser & support-helper",)), ("password", 2, ("createloginprofile",)), ("group", 2, ("addusertogroup",)),
    ("admins", 2, ("administrators",)), ("run", 3, ("runinstances",)), ("gpu", 2, ("p3.16xlarge",)), ("account", 1, (ACCOUNT,)),
)  # fmt: skip


# ---------------------------------------------------------------- a machine's role
INSTANCE, ROLE_KEY, OUTSIDE = "i-0c2d4e6f8a1b3c5d7", "ASIAQEXAMPLEROLE0011", "203.0.113.17"


def _role(folder: Path) -> None:
    trail, at = Trail(), DAY.at
    business(trail, 23)
    service = Caller({"type": "AWSService", "invokedBy": "ec2.amazonaws.com"}, "ec2.amazonaws.com", "ec2.amazonaws.com")
    issued = {
        "credentials": {
            "accessKeyId": ROLE_KEY,
            "expiration": "Apr 14, 2026, 14:11:00 PM",
            "sessionToken": "IQoJb3JpZ2luX2VjEXAMPLE",
        }
    }
    trail.call(
        at("08:11:00"),
        service,
        "sts:AssumeRole",
        {"roleArn": f"arn:aws:iam::{ACCOUNT}:role/web-frontend", "roleSessionName": INSTANCE},
        issued,
    )
    home = role(
        "web-frontend",
        INSTANCE,
        ROLE_KEY,
        "192.0.2.200",
        "aws-sdk-java/2.25.11 Linux/5.10.210 OpenJDK_64-Bit_Server_VM/17.0.10",
    )
    for time in DAY.spread(random.Random(5), "08:12:00", "13:50:00", 90):
        trail.call(time, home, "s3:GetObject", {"bucketName": "acme-web-static", "key": "config/site.json"})
    thief = role(
        "web-frontend", INSTANCE, ROLE_KEY, OUTSIDE, "Boto3/1.26.30 Python/3.9.2 Linux/5.18.0 Botocore/1.29.30"
    )
    trail.call(at("12:20:05"), thief, "sts:GetCallerIdentity")
    trail.call(at("12:20:40"), thief, "s3:ListBuckets")
    trail.call(at("12:21:30"), thief, "iam:ListRoles", None, error="AccessDenied")
    trail.call(at("12:22:10"), thief, "s3:ListObjectsV2", {"bucketName": "acme-customer-exports", "list-type": "2"})
    for n in range(14):
        trail.call(
            at("12:23:00") + timedelta(seconds=4 * n),
            thief,
            "s3:GetObject",
            {"bucketName": "acme-customer-exports", "key": f"2026/customers-{n:02d}.csv"},
        )
    trail.write(folder, wrapped=True)


ROLE = (
    ("role", 3, ("web-frontend",)), ("instance", 3, (INSTANCE,)), ("key", 3, (ROLE_KEY,)), ("ip", 3, (OUTSIDE,)), ("agent", 2, ("boto3/1.26.30",)),
    ("issued", 1, (f"assumerole & {INSTANCE}", "assumerole & web-frontend")), ("whoami", 1, ("getcalleridentity",)), ("buckets", 2, ("listbuckets",)),
    ("list", 2, ("listobjectsv2 & acme-customer-exports",)), ("bucket", 3, ("acme-customer-exports",)), ("get", 3, ("getobject & acme-customer-exports",)),
    ("object", 2, ("customers-00.csv",)), ("denied", 1, ("listroles & accessdenied", "listroles & denied")), ("account", 1, (ACCOUNT,)),
)  # fmt: skip


# ---------------------------------------------------------------- data events, one address for good and bad
def _data(folder: Path) -> None:
    """The thief works inside the office network: same address as the administrator, but another tool and another haste."""
    trail, at, dice = Trail(), DAY.at, random.Random(9)
    business(trail, 24, 400)
    for time in DAY.spread(dice, "06:10:00", "16:50:00", 160):
        trail.call(
            time,
            CI_HOME,
            "s3:GetObject",
            {"bucketName": "acme-build-artifacts", "key": f"base/{dice.randint(1, 90)}.img"},
        )
    for time in DAY.spread(dice, "08:00:00", "16:00:00", 12):
        trail.call(
            time,
            CI_HOME,
            "s3:GetObject",
            {"bucketName": "acme-build-artifacts", "key": "missing.tgz"},
            error="NoSuchKey",
        )
    analyst_home = user("report-reader", "AKIAQEXAMPLERPT00004", "192.0.2.130", "Boto3/1.34.80 Python/3.11 Linux/5.15")
    for time in DAY.spread(dice, "06:30:00", "16:40:00", 40):
        trail.call(
            time,
            analyst_home,
            "s3:GetObject",
            {"bucketName": "acme-reports", "key": f"daily/{dice.randint(1, 28):02d}.csv"},
        )
    thief = user("report-reader", "AKIAQEXAMPLERPT00004", OFFICE, "S3 Browser/11.6.7 (https://s3browser.com)")
    trail.call(at("14:05:00"), thief, "s3:ListBuckets")
    for n, service in enumerate(
        (
            "iam:ListUsers",
            "iam:ListRoles",
            "ec2:DescribeInstances",
            "kms:ListKeys",
            "rds:DescribeDBSnapshots",
            "secretsmanager:ListSecrets",
        )
    ):
        trail.call(at("14:05:20") + timedelta(seconds=3 * n), thief, service, None, error="AccessDenied")
    trail.call(at("14:06:30"), thief, "s3:ListObjectsV2", {"bucketName": "acme-reports", "list-type": "2"})
    for n in range(25):
        trail.call(
            at("14:07:00") + timedelta(seconds=2 * n),
            thief,
            "s3:GetObject",
            {"bucketName": "acme-reports", "key": f"board/2026-{n:02d}.xlsx"},
        )
    trail.call(
        at("14:12:00"),
        thief,
        "s3:PutBucketPolicy",
        {"bucketName": "acme-reports", "bucketPolicy": {"Statement": [{"Effect": "Allow", "Principal": "*"}]}},
    )
    for n in range(6):
        trail.call(
            at("14:15:00") + timedelta(seconds=2 * n),
            thief,
            "s3:DeleteObject",
            {"bucketName": "acme-reports", "key": f"board/2026-{n:02d}.xlsx"},
        )
    trail.write(folder, wrapped=False)


DATA = (
    ("key", 3, ("AKIAQEXAMPLERPT00004",)), ("identity", 2, ("report-reader",)), ("agent", 3, ("s3 browser/11.6.7",)), ("buckets", 2, ("listbuckets",)),
    ("denied", 2, ("accessdenied", "denied")), ("list", 2, ("listobjectsv2 & acme-reports",)), ("get", 3, ("getobject & acme-reports",)),
    ("object", 2, ("board/2026-00.xlsx",)), ("policy", 3, ("putbucketpolicy & acme-reports",)), ("delete", 3, ("deleteobject & acme-reports",)),
    ("account", 1, (ACCOUNT,)),
)  # fmt: skip
COMMON = (
    CI_HOME.ip,
    "autoscaling.amazonaws.com",
    DEV_KEY,
    ADMIN_KEY,
    "jonas.weber",
    "lena.fischer",
    "AutoScaling",
    "acme-build-artifacts",
    "AdministratorAccess/lena.fischer",
)

SCENARIOS = (
    Scenario("aws_leaked_key", _leaked, make_truth(
        "aws_leaked_key", LEAKED, "whoami users buckets create newkey admin stop snapshot share", "T1078.004 T1087.004 T1136.003 "
            "T1098.001 T1098.003 T1685.002 T1537",
        AWS_OK + " T1578.001 T1562.008", ("2026-04-14T11:02:10Z", "2026-04-14T11:16:30Z"), (*COMMON, OFFICE),
    )),
    Scenario("aws_console", _console, make_truth(
        "aws_console", CONSOLE, "login create password group run", "T1078.004 T1136.003 T1098 T1578.002",
        AWS_OK + " T1110 T1110.001 T1496 T1496.001 T1098.001 T1098.003",
        ("2026-04-14T13:40:10Z", "2026-04-14T13:54:00Z"), (*COMMON, OFFICE, CI_KEY, "petra.lang"),
    )),
    Scenario("aws_role", _role, make_truth(
        "aws_role", ROLE, "issued whoami buckets list get", "T1078.004 T1552.005 T1530 T1619", AWS_OK + " T1567 T1537 T1119 T1048",
        ("2026-04-14T12:20:05Z", "2026-04-14T12:23:52Z"), (*COMMON, OFFICE, CI_KEY, "192.0.2.200", "acme-web-static"),
    )),
    Scenario("aws_data", _data, make_truth(
        "aws_data", DATA, "buckets denied list get policy delete", "T1078.004 T1530 T1619 T1485", AWS_OK + " T1537 T1567 T1119 T1048 T1098 T1565",
        ("2026-04-14T14:05:00Z", "2026-04-14T14:15:10Z"), (*COMMON, "192.0.2.130"), (CI_KEY, OFFICE),
    )),
)  # fmt: skip
