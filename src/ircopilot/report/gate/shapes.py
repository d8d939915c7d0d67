"""What a role is made of: groups of columns, kinds of records, ways of showing an act.

A name that begins with `fields.` is a field of the record as it came (any depth, case ignored), every other name is a hot
column of the event, `*` the whole record and `source` what kind of record it is.
"""

from __future__ import annotations

from dataclasses import dataclass

PROCESS = ("process_executable", "process_name")
PARENT = ("process_parent_executable",)
USER = ("user_name", "user_id")
HOST = ("host_name", "host_ip")
TARGET_USER = ("user_target_name", "fields.TargetUserName", "fields.TargetSid")
CLOUD_WHO = ("user_name", "user_id", "cloud_identity_arn", "cloud_access_key_id", "cloud_identity_type")
PEER = ("destination_ip", "destination_domain", "url_full", "tls_subject")
FILE = ("file_path", "file_name", "fields.Filename", "fields.TargetFilename")
COMMAND = ("process_command_line", "script_block_text")


@dataclass(frozen=True, slots=True)
class Shape:
    """A kind of record: source (or its beginning, ending in a dot), event codes, and columns that must (not) say something."""

    source: str = ""
    codes: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    unless: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Way:
    """One way in which records show an act."""

    subject: tuple[str, ...]
    objects: tuple[str, ...]
    shapes: tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class Verb:
    """An act: the ways it is shown, and words that say it (`words`: a text with another verb's word and none of these lies)."""

    ways: tuple[Way, ...]
    words: tuple[str, ...] = ()


# The value of the first column is also written together with that of the second (DOMAIN\user, address:port).
ACCOUNT_DOMAIN = {
    "user_name": "user_domain",
    "user_target_name": "user_target_domain",
    "fields.TargetUserName": "fields.TargetDomainName",
}
PORT_OF = {"source_ip": "source_port", "destination_ip": "destination_port", "destination_domain": "destination_port"}
PATHS = frozenset(
    (
        "process_executable",
        "process_parent_executable",
        "process_target_executable",
        "file_path",
        "image_loaded",
        "service_executable",
        "pipe_name",
        "registry_path",
        "cloud_resource",
        "cloud_identity_arn",
        "fields.TargetFilename",
        "fields.ObjectName",
        "fields.TaskName",
        "fields.Path",
    )
)
TEXTS = frozenset(
    (
        "process_command_line",
        "script_block_text",
        "url_full",
        "service_executable",
        "registry_data",
        "registry_path",
        "file_stream_contents",
        "dns_answers",
        "tls_subject",
        "tls_issuer",
        "cloud_resource",
        "user_agent_original",
        "cloud_identity_arn",
        "fields.Payload",
        "fields.Channel",
    )
)
HOSTS = frozenset(("host_name", "destination_domain", "fields.TargetServerName", "fields.WorkstationName"))
