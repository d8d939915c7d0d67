"""A day of an AWS account: infrastructure as code, a pipeline, people signed in by SSO, auditors' tools, services of AWS itself."""

from __future__ import annotations

import random
from datetime import timedelta

from ..aws_trail import ACCOUNT, CHROME, DAY, Caller, Trail, hash_of, role
from ..making import Tree

OFFICE, RUNNER = "192.0.2.61", "198.51.100.88"
TERRAFORM_AGENT = "APN/1.0 HashiCorp/1.0 Terraform/1.7.5 (+https://www.terraform.io) terraform-provider-aws/5.44.0 aws-sdk-go-v2/1.26.1 os/linux"
ENGINEER = role("AWSReservedSSO_PowerUser_4f1c2b", "nina.haas", "ASIAQEXAMPLESSO00001", OFFICE, CHROME)
ENGINEER_CLI = role(
    "AWSReservedSSO_PowerUser_4f1c2b",
    "nina.haas",
    "ASIAQEXAMPLESSO00002",
    OFFICE,
    "aws-cli/2.15.30 Python/3.11.8 Darwin/23.4.0 exe/x86_64 prompt/off",
)
OPERATOR = role("AWSReservedSSO_AdministratorAccess_77aa", "per.lind", "ASIAQEXAMPLESSO00003", OFFICE, CHROME)
TERRAFORM = role("terraform-apply", "run-8841", "ASIAQEXAMPLETF000001", RUNNER, TERRAFORM_AGENT)
PIPELINE = role(
    "github-deploy", "GitHubActions", "ASIAQEXAMPLEGH000001", RUNNER, "aws-sdk-nodejs/2.1588.0 linux/v20.11.1 promise"
)
AUDITOR = role(
    "security-audit",
    "prowler-daily",
    "ASIAQEXAMPLEAUDIT001",
    "192.0.2.130",
    "Boto3/1.34.80 md/Botocore#1.34.80 ua/2.0 os/linux#6.1 lang/python#3.11.8",
)
ORDERS = role(
    "orders-task",
    "1c7d8e",
    "ASIAQEXAMPLETASK0001",
    "10.12.3.40",
    "aws-sdk-java/2.25.20 Linux/5.10 OpenJDK_64-Bit_Server_VM/17",
)
WEB = role(
    "web-instance",
    "i-0a1b2c3d4e5f60718",
    "ASIAQEXAMPLEEC200001",
    "203.0.113.140",
    "aws-sdk-go/1.50.0 (go1.21; linux; amd64) amazon-cloudwatch-agent/1.3",
)
_READS = (
    "ec2:DescribeInstances ec2:DescribeSecurityGroups ec2:DescribeSnapshots ec2:DescribeVolumes iam:ListUsers iam:ListRoles iam:GetAccountSummary "
    "iam:ListAttachedRolePolicies iam:GetAccountPasswordPolicy iam:GenerateCredentialReport s3:ListBuckets s3:GetBucketAcl s3:GetBucketPolicy "
    "s3:GetBucketPublicAccessBlock rds:DescribeDBInstances rds:DescribeDBSnapshots kms:ListKeys lambda:ListFunctions cloudtrail:DescribeTrails "
    "guardduty:ListDetectors config:DescribeConfigurationRecorders secretsmanager:ListSecrets ssm:DescribeParameters organizations:ListAccounts "
    "sts:GetCallerIdentity"
).split()
_APPLY: tuple[tuple[str, Tree], ...] = (
    ("iam:CreateRole", {"roleName": "orders-task-v2", "assumeRolePolicyDocument": "{}"}),
    ("iam:PutRolePolicy", {"roleName": "orders-task-v2", "policyName": "read-queue"}),
    (
        "iam:AttachRolePolicy",
        {"roleName": "orders-task-v2", "policyArn": "arn:aws:iam::aws:policy/CloudWatchAgentServerPolicy"},
    ),
    ("iam:PassRole", {"roleName": "orders-task-v2"}),
    ("ec2:CreateSecurityGroup", {"groupName": "orders-lb", "groupDescription": "managed by terraform"}),
    (
        "ec2:AuthorizeSecurityGroupIngress",
        {
            "groupId": "sg-0a11",
            "ipPermissions": {
                "items": [
                    {
                        "ipProtocol": "tcp",
                        "fromPort": 443,
                        "toPort": 443,
                        "ipRanges": {"items": [{"cidrIp": "0.0.0.0/0"}]},
                    }
                ]
            },
        },
    ),
    (
        "ec2:RunInstances",
        {
            "instanceType": "t3.medium",
            "instancesSet": {"items": [{"imageId": "ami-0abc", "minCount": 1, "maxCount": 1}]},
        },
    ),
    ("s3:PutBucketPolicy", {"bucketName": "acme-orders-logs", "bucketPolicy": {}}),
    ("s3:PutBucketLifecycle", {"bucketName": "acme-orders-logs"}),
    ("lambda:UpdateFunctionCode20150331v2", {"functionName": "orders-export"}),
    ("lambda:AddPermission20150331v2", {"functionName": "orders-export", "principal": "events.amazonaws.com"}),
    ("kms:CreateGrant", {"keyId": "alias/orders"}),
    ("ec2:ReplaceRoute", {"routeTableId": "rtb-01"}),
    ("route53:ChangeResourceRecordSets", {"hostedZoneId": "Z1"}),
    ("ec2:DeleteSecurityGroup", {"groupId": "sg-0a02"}),
    ("iam:DeleteRole", {"roleName": "orders-task-v1"}),
)


def _service(name: str) -> Caller:
    return Caller(
        {"type": "AWSService", "invokedBy": f"{name}.amazonaws.com"}, f"{name}.amazonaws.com", f"{name}.amazonaws.com"
    )


def account_day(trail: Trail, seed: int = 11) -> None:
    """Enter the day into a trail."""
    dice, at = random.Random(seed), DAY.at
    sso = {"MFAUsed": "Yes", "LoginTo": "https://console.aws.amazon.com/"}
    for who, clock in ((ENGINEER, "07:58:00"), (OPERATOR, "08:31:00")):
        trail.call(at(clock), who, "signin:ConsoleLogin", None, {"ConsoleLogin": "Success"} | sso)
    trail.call(
        at("09:14:00"),
        Caller(
            {
                "type": "WebIdentityUser",
                "principalId": "token.actions.githubusercontent.com",
                "userName": "repo:acme/orders:ref:refs/heads/main",
            },
            RUNNER,
            PIPELINE.agent,
        ),
        "sts:AssumeRoleWithWebIdentity",
        {"roleArn": f"arn:aws:iam::{ACCOUNT}:role/github-deploy", "roleSessionName": "GitHubActions"},
    )
    for n, (name, request) in enumerate(_APPLY):
        trail.call(at("10:02:00") + timedelta(seconds=4 * n), TERRAFORM, name, request)
    for n, clock in enumerate(("09:14:10", "11:20:00", "15:41:00")):
        for k, name in enumerate(
            (
                "ecr:GetAuthorizationToken",
                "ecr:PutImage",
                "ecs:RegisterTaskDefinition",
                "ecs:UpdateService",
                "s3:PutObject",
            )
        ):
            trail.call(
                at(clock) + timedelta(seconds=3 * k),
                PIPELINE,
                name,
                {"bucketName": "acme-web", "key": f"v{n}/app.js"} if name.startswith("s3") else {"name": "orders"},
            )
    for n, name in enumerate(_READS * 3):
        denied = "AccessDenied" if name.startswith(("organizations", "secretsmanager")) else ""
        trail.call(
            at("06:00:00") + timedelta(seconds=2 * n),
            AUDITOR,
            name,
            {"bucketName": f"acme-{n % 7}"} if ":GetBucket" in name else {},
            error=denied,
        )
    for time in DAY.spread(dice, "06:00:00", "18:00:00", 240):
        what = dice.randrange(8)
        if what == 0:
            trail.call(time, ORDERS, "secretsmanager:GetSecretValue", {"secretId": "orders/db"})
        elif what == 1:
            trail.call(time, ORDERS, "kms:Decrypt", {"encryptionContext": {"SecretARN": "orders/db"}})
        elif what == 2:
            trail.call(
                time,
                WEB,
                dice.choice(("ssm:UpdateInstanceInformation", "ec2:DescribeTags", "ssm:GetParameter")),
                {"name": "/web/config"},
            )
        elif what == 3:
            trail.call(
                time, dice.choice((ENGINEER, ENGINEER_CLI)), dice.choice(_READS[:12]), {"bucketName": "acme-web"}
            )
        elif what == 4:
            trail.call(
                time,
                OPERATOR,
                dice.choice(
                    ("ec2:DescribeInstances", "health:DescribeEvents", "ce:GetCostAndUsage", "cloudwatch:GetMetricData")
                ),
                {},
            )
        else:
            name = dice.choice(("autoscaling", "guardduty", "config", "access-analyzer", "securityhub"))
            trail.call(
                time,
                _service(name),
                "sts:AssumeRole",
                {"roleArn": f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/{name}", "roleSessionName": name},
                {"credentials": {"accessKeyId": f"ASIA{hash_of(f'{name}{time}'):016X}"[:20], "sessionToken": "…"}},
            )
    trail.call(at("08:40:00"), OPERATOR, "iam:CreateUser", {"userName": "mail-relay"})
    trail.call(
        at("08:40:30"),
        OPERATOR,
        "iam:CreateAccessKey",
        {"userName": "mail-relay"},
        {"accessKey": {"userName": "mail-relay", "accessKeyId": "AKIAQEXAMPLEMAIL0001", "status": "Active"}},
    )
    trail.call(
        at("19:00:00"),
        role(
            "night-scheduler",
            "stop-dev",
            "ASIAQEXAMPLENIGHT001",
            "203.0.113.141",
            "Boto3/1.34 md/Botocore#1.34 exec-env/AWS_Lambda_python3.11",
        ),
        "ec2:StopInstances",
        {"instancesSet": {"items": [{"instanceId": "i-0dev1"}]}},
    )
