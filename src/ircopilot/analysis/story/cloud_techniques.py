"""What a call of the cloud's API is for: the technique that it shows, by the call's name.

Source: MITRE ATT&CK, Enterprise (cloud platforms), and the AWS service authorization reference for the names.
"""

from __future__ import annotations

import re

# Some services put the version of their API behind the name (`UpdateFunctionCode20150331v2`).
_VERSION = re.compile(r"\d{8}(?:v\d+)?$")

_TECHNIQUES: dict[str, tuple[str, ...]] = {
    "ListBuckets": ("T1619",), "ListObjects": ("T1619",), "ListObjectsV2": ("T1619",), "GetObject": ("T1530",), "DescribeInstances": ("T1580",),
    "ListUsers": ("T1087.004",), "ListRoles": ("T1087.004",), "GetCallerIdentity": ("T1087.004",), "GetSecretValue": ("T1555.006",),
    "ListSecrets": ("T1555.006",), "CreateAccessKey": ("T1098.001",), "CreateUser": ("T1136.003",), "AttachUserPolicy": ("T1098.003",),
    "AttachRolePolicy": ("T1098.003",), "PutUserPolicy": ("T1098.003",), "StopLogging": ("T1685.002",), "DeleteTrail": ("T1685.002",),
    "UpdateTrail": ("T1685.002",), "PutBucketPolicy": ("T1537",), "CreateSnapshot": ("T1578.001",), "ModifySnapshotAttribute": ("T1537",),
    "RunInstances": ("T1578.002",), "SendCommand": ("T1651",), "DeleteBucket": ("T1485",), "DeleteObject": ("T1485",), "ConsoleLogin": ("T1078.004",),
    "CreateLoginProfile": ("T1098.001",), "UpdateLoginProfile": ("T1098.001",), "GetPasswordData": ("T1552.005",), "AddUserToGroup": ("T1098.003",),
    "PutRolePolicy": ("T1098.003",), "PutGroupPolicy": ("T1098.003",), "AttachGroupPolicy": ("T1098.003",), "UpdateAssumeRolePolicy": ("T1098.003",),
    "CreatePolicyVersion": ("T1098.003",), "SetDefaultPolicyVersion": ("T1098.003",), "GetAccountAuthorizationDetails": ("T1087.004",),
    "ListAttachedUserPolicies": ("T1069.003",), "ListUserPolicies": ("T1069.003",), "ListAttachedRolePolicies": ("T1069.003",),
    "ListGroupsForUser": ("T1069.003",), "DescribeSnapshots": ("T1580",), "DescribeDBSnapshots": ("T1580",), "DescribeDBInstances": ("T1580",),
    "DescribeVolumes": ("T1580",), "ListFunctions": ("T1526",), "ListFunctions20150331": ("T1526",), "GetParameter": ("T1555.006",),
    "GetParameters": ("T1555.006",), "CopyObject": ("T1530",), "ModifyImageAttribute": ("T1537",), "ModifyDBSnapshotAttribute": ("T1537",),
    "DeleteFlowLogs": ("T1685.002",), "PutEventSelectors": ("T1685.002",), "DeleteDetector": ("T1685",), "GetFederationToken": ("T1550.001",),
    "GetSessionToken": ("T1550.001",), "DeleteObjects": ("T1485",), "ScheduleKeyDeletion": ("T1485",), "DeleteSnapshot": ("T1485",),
    "DeactivateMFADevice": ("T1556.006",), "StartSession": ("T1651",), "AuthorizeSecurityGroupIngress": ("T1686.001",),
    "GetParametersByPath": ("T1555.006",), "BatchGetSecretValue": ("T1555.006",), "DescribeParameters": ("T1555.006",),
    "UpdateFunctionCode": ("T1648",), "UpdateFunctionConfiguration": ("T1648",), "CreateFunction": ("T1648",), "PublishLayerVersion": ("T1648",),
    "AddPermission": ("T1546",), "CreateEventSourceMapping": ("T1546",), "PutBucketLifecycle": ("T1070", "T1485"),
    "PutBucketLifecycleConfiguration": ("T1070", "T1485"), "DeleteEventDataStore": ("T1685.002",), "StopConfigurationRecorder": ("T1685.002",),
    "DeleteConfigurationRecorder": ("T1685.002",), "DeleteLogGroup": ("T1685.002",), "DeleteLogStream": ("T1685.002",),
    "DeleteQueryLoggingConfig": ("T1685.002",), "DeleteResolverQueryLogConfig": ("T1685.002",), "DisassociateResolverQueryLogConfig": ("T1685.002",),
    "DeleteModelInvocationLoggingConfiguration": ("T1685.002",), "DeleteGuardrail": ("T1685",), "DeleteAlarms": ("T1685",),
    "DisableAlarmActions": ("T1685",), "DeleteWebACL": ("T1686",), "LeaveOrganization": ("T1666",), "RemoveAccountFromOrganization": ("T1666",),
    "DescribeInstanceAttribute": ("T1580",), "DescribeInstanceInformation": ("T1580",), "DescribeImages": ("T1580",), "DescribeVpcs": ("T1580",),
    "DescribeSecurityGroups": ("T1580",), "DescribeSubnets": ("T1580",), "DescribeRegions": ("T1580",), "DescribeKeyPairs": ("T1580",),
    "SendSSHPublicKey": ("T1021.008", "T1098.004"), "SendSerialConsoleSSHPublicKey": ("T1021.008", "T1098.004"),
    "EnableSerialConsoleAccess": ("T1021.008",), "CreateSAMLProvider": ("T1484.002",), "UpdateSAMLProvider": ("T1484.002",),
    "CreateOpenIDConnectProvider": ("T1484.002",), "CreateTrustAnchor": ("T1484.002",), "CreateRole": ("T1136.003",), "CreateKeyPair": ("T1098.001",),
    "ImportKeyPair": ("T1098.001",), "AssociateIamInstanceProfile": ("T1098.003",), "ReplaceIamInstanceProfileAssociation": ("T1098.003",),
    "AddRoleToInstanceProfile": ("T1098.003",), "DeleteRolePermissionsBoundary": ("T1098.003",), "DeleteUserPermissionsBoundary": ("T1098.003",),
    "GetSendQuota": ("T1526",), "ListIdentities": ("T1526",), "GetAccountSendingEnabled": ("T1526",), "ListServices": ("T1526",),
    "ListTopics": ("T1526",), "ListClusters": ("T1526",), "ListStacks": ("T1526",), "ListQueues": ("T1526",), "InvokeModel": ("T1496.004",),
    "InvokeModelWithResponseStream": ("T1496.004",), "Converse": ("T1496.004",), "ListFoundationModels": ("T1526",),
    "CreateTrafficMirrorSession": ("T1020.001",), "CreateInstanceExportTask": ("T1537",), "ExportImage": ("T1537",),
    "CreateStoreImageTask": ("T1537",), "ModifyDBClusterSnapshotAttribute": ("T1537",), "PutBucketReplication": ("T1537",),
    "CreateDBSnapshot": ("T1578.001",), "CreateImage": ("T1578.001",), "RestoreDBInstanceFromDBSnapshot": ("T1578.002",),
    "DeleteDBInstance": ("T1485",), "DeleteDBCluster": ("T1485",), "DeleteBackupVault": ("T1490",), "DeleteRecoveryPoint": ("T1490",),
    "TerminateInstances": ("T1485",), "StopInstances": ("T1578.005",), "DeleteUser": ("T1531",), "DeleteAccessKey": ("T1531",),
    "DeleteLoginProfile": ("T1531",), "UpdateAccessKey": ("T1098.001",), "ListAccessKeys": ("T1087.004",), "ListGroups": ("T1069.003",),
    "ListPolicies": ("T1069.003",), "GetPolicyVersion": ("T1069.003",), "GetUser": ("T1087.004",), "ListRolePolicies": ("T1069.003",),
    "GetUserPolicy": ("T1069.003",), "GetRolePolicy": ("T1069.003",), "SimulatePrincipalPolicy": ("T1069.003",), "ListMFADevices": ("T1087.004",),
    "ListAccountAliases": ("T1087.004",), "GetAccountSummary": ("T1087.004",), "GetAccountPasswordPolicy": ("T1201",), "RunTask": ("T1610",),
    "RegisterTaskDefinition": ("T1610",), "CreateVirtualMFADevice": ("T1556.006",), "EnableMFADevice": ("T1556.006",),
    "CreateSecurityGroup": ("T1686.001",), "AuthorizeSecurityGroupEgress": ("T1686.001",), "GetConsoleScreenshot": ("T1113",),
    "GetConsoleOutput": ("T1580",),
}  # fmt: skip


def plain_action(action: str) -> str:
    """The call's name without the version of its API."""
    return _VERSION.sub("", action)


def techniques_of_call(action: str) -> tuple[str, ...]:
    """Techniques that a call shows by its name."""
    return _TECHNIQUES.get(plain_action(action), ())
