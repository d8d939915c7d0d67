"""Sigma field names: in which column or original field of an event each one lies, per product.

Hot columns are dictionaries already and cost nothing; the rest comes out of the `fields` map. Where one Sigma name
means several original ones (`Image` of Sysmon is `NewProcessName` of Security), the mappings have joined them.
"""

from __future__ import annotations

from typing import NamedTuple

from ircopilot.analysis.sigma.rules import KEYWORDS, Logsource
from ircopilot.domain.event import HOT_BY_NAME

WINDOWS: dict[str, str] = {
    "EventID": "event_code", "Channel": "winlog_channel", "Provider_Name": "event_provider", "Computer": "host_name",
    "Image": "process_executable", "NewProcessName": "process_executable", "SourceImage": "process_executable",
    "CommandLine": "process_command_line", "ProcessCommandLine": "process_command_line",
    "CurrentDirectory": "process_working_directory", "IntegrityLevel": "process_integrity_level",
    "ParentImage": "process_parent_executable", "ParentProcessName": "process_parent_executable",
    "ParentCommandLine": "process_parent_command_line",
    "OriginalFileName": "original_file_name", "Description": "pe_description", "Product": "pe_product",
    "Company": "pe_company", "Hashes": "hashes", "Hash": "hashes",
    "ProcessGuid": "process_entity_id", "ParentProcessGuid": "process_parent_entity_id",
    "TargetImage": "process_target_executable", "GrantedAccess": "granted_access", "CallTrace": "call_trace",
    "TargetFilename": "file_path", "TargetObject": "registry_path", "Details": "registry_data",
    "ImageLoaded": "image_loaded", "Signed": "code_signature_signed", "SignatureStatus": "code_signature_status",
    "Signature": "code_signature_subject", "PipeName": "pipe_name", "Contents": "file_stream_contents",
    "QueryName": "dns_question_name", "QueryResults": "dns_answers", "ScriptBlockText": "script_block_text",
    "DestinationIp": "destination_ip", "DestinationPort": "destination_port",
    "DestinationHostname": "destination_domain", "SourceIp": "source_ip", "SourcePort": "source_port",
    "Protocol": "network_transport", "SourceProcessGUID": "process_entity_id", "ServiceName": "service_name",
    "ImagePath": "service_executable", "ServiceFileName": "service_executable", "ProcessName": "process_executable",
}  # fmt: skip

CLOUDTRAIL: dict[str, str] = {
    "eventName": "event_action", "eventSource": "cloud_service_name", "userAgent": "user_agent_original",
    "awsRegion": "cloud_region",
    "userIdentity.type": "cloud_identity_type", "userIdentity.arn": "cloud_identity_arn",
    "userIdentity.accessKeyId": "cloud_access_key_id",
}  # fmt: skip

LINUX: dict[str, str] = {
    "CommandLine": "process_command_line", "ParentImage": "process_parent_executable",
    "ParentCommandLine": "process_parent_command_line", "CurrentDirectory": "process_working_directory",
    "TargetFilename": "file_path", "DestinationIp": "destination_ip", "DestinationPort": "destination_port",
    "DestinationHostname": "destination_domain", "SourceIp": "source_ip", "LogonId": "logon_id",
    "User": "user_name", "exe": "process_executable", "comm": "process_name", "key": "rule_name", "name": "file_path",
    "type": "event_code",
}  # fmt: skip

ZEEK: dict[str, str] = {
    "id.orig_h": "source_ip", "id.orig_p": "source_port", "id.resp_h": "destination_ip",
    "id.resp_p": "destination_port", "proto": "network_transport", "query": "dns_question_name",
    "method": "http_request_method", "status_code": "http_response_status_code",
    "user_agent": "user_agent_original", "mime_type": "file_mime_type",
}  # fmt: skip

GENERIC: dict[str, str] = {
    "c-uri": "url_full", "c-useragent": "user_agent_original", "cs-user-agent": "user_agent_original",
    "cs-host": "destination_domain", "r-dns": "destination_domain", "cs-method": "http_request_method",
    "sc-status": "http_response_status_code", "cs-uri-query": "url_full", "c-uri-query": "url_full",
    "cs-uri-stem": "url_full", "cs-uri": "url_full", "c-ip": "source_ip", "src_ip": "source_ip",
    "dst_ip": "destination_ip", "src_port": "source_port", "dst_port": "destination_port",
    "query": "dns_question_name", "answer": "dns_answers", "record_type": "qtype_name",
}  # fmt: skip


def _original(name: str) -> str:
    """SQL for one of our own names of an original field; several times faster than `fields['name']`."""
    return f"fields.values[indexOf(fields.keys, '{name}')]"


# Fields whose column leaves a part away, and fields of several spellings.
EXPRESSIONS: dict[str, str] = {
    "windows/User": "if(user_domain = '', user_name, concat(user_domain, '\\\\', user_name))",
    "windows/Imphash": "extract(hashes, 'IMPHASH=([0-9A-Fa-f]+)')",
    "windows/Initiated": "transform(network_direction, ['outbound', 'inbound'], ['true', 'false'], '')",
    "windows/Data": f"if({_original('Data')} != '', {_original('Data')}, message)",
    "windows/FileName": f"if({_original('FileName')} != '', {_original('FileName')}, file_path)",
    "windows/Message": "message",
    "linux/Image": f"multiIf(process_executable != '', process_executable, {_original('a0')} = '', '', "
    f"startsWith({_original('a0')}, '/'), {_original('a0')}, concat('/', {_original('a0')}))",
    "aws/requestParameters": "arrayStringConcat(mapValues(mapFilter((k, v) -> startsWith(k, 'requestParameters'), "
    "fields)), ' ')",
    "aws/responseElements": "arrayStringConcat(mapValues(mapFilter((k, v) -> startsWith(k, 'responseElements'), "
    "fields)), ' ')",
}
TABLES = {"windows": WINDOWS, "aws": CLOUDTRAIL, "linux": LINUX, "zeek": ZEEK}
KEYWORD_SQL = "arrayStringConcat(fields.values, '\\n')"


class Place(NamedTuple):
    """Where the text of a Sigma field lies: in an expression over columns, or in the original field `key`.

    `guarded` expressions are worth computing only for the events whose rules ask for them.
    """

    sql: str
    key: str = ""
    guarded: bool = False


KEYWORD_PLACE = Place(KEYWORD_SQL, guarded=True)


def place_of(name: str, logsource: Logsource) -> Place:
    """Where a Sigma field lies. Field names come from rule files, so one that no table knows stays a `key`, which
    only ever reaches SQL as a parameter."""
    if name == KEYWORDS:
        return KEYWORD_PLACE
    special = EXPRESSIONS.get(f"{logsource.product}/{name}")
    if special is not None:
        return Place(special, guarded=True)
    column = TABLES.get(logsource.product, GENERIC).get(name)
    if column in HOT_BY_NAME:
        if HOT_BY_NAME[column].type in ("lc", "str"):
            # A column's own dictionary would be sent whole with every block; this one holds the block's values only.
            return Place(f"toLowCardinality(CAST({column} AS String))")
        return Place(f"if({column} = 0, '', toString({column}))")
    return Place("", column or name)
