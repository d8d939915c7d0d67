"""Envelope encryption: a fresh streaming key per object, itself encrypted by the organisation's key.

An object's file is a header of `HEADER` bytes and then the ciphertext of Tink's streaming AEAD (AES256-GCM-HKDF, 1 MiB
segments, each authenticated with its place and whether it is the last: no segment can be changed, moved, dropped or
added unnoticed). The header holds `MAGIC`, the length of the wrapped key (u16, big-endian), the wrapped key, and zeros.
The wrapped key is authenticated with organisation and plaintext hash, so that an object cannot stand in for another.
Source: Tink wire format, https://developers.google.com/tink/wire-format and …/streaming-aead/aes_gcm_hkdf_streaming
"""

from __future__ import annotations

import io
import os
import re
from pathlib import Path
from typing import BinaryIO

import tink
from tink import aead, core, streaming_aead

from ircopilot.stores.vault.protocol import TamperedObject, UnusableVault

MAGIC = b"IRCVLT01"
HEADER = 512
_DATA = b"ircopilot vault object v1"
_ORG_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")

aead.register()
streaming_aead.register()


def safe_org_id(org_id: str) -> str:
    """The id, if it can be a folder's name and nothing else. Raises `UnusableVault`."""
    if _ORG_ID.fullmatch(org_id) is None:
        raise UnusableVault(f"{org_id!r} cannot be an organisation's id")
    return org_id


def new_data_key() -> tink.KeysetHandle:
    """A fresh streaming key for one object."""
    return tink.new_keyset_handle(streaming_aead.streaming_aead_key_templates.AES256_GCM_HKDF_1MB)


def encrypting(sink: BinaryIO, data_key: tink.KeysetHandle) -> BinaryIO:
    """A stream that encrypts into `sink`; closing it writes the last segment and closes `sink`."""
    primitive = data_key.primitive(streaming_aead.StreamingAead)
    return primitive.new_encrypting_stream(sink, _DATA)  # type: ignore[no-any-return]


def seal_header(data_key: tink.KeysetHandle, org_key: aead.Aead, org_id: str, sha256: str) -> bytes:
    """The header: the data key wrapped for this organisation and this plaintext."""
    out = io.BytesIO()
    context = f"{org_id}/{sha256}".encode()
    data_key.write_with_associated_data(tink.BinaryKeysetWriter(out), org_key, context)
    wrapped = out.getvalue()
    header = MAGIC + len(wrapped).to_bytes(2, "big") + wrapped
    assert len(header) <= HEADER, "Tink's wrapped keyset outgrew the header"
    return header.ljust(HEADER, b"\0")


def decrypting(source: BinaryIO, org_key: aead.Aead, org_id: str, sha256: str) -> BinaryIO:
    """A stream of the plaintext after the header in `source`. Raises `TamperedObject`."""
    header = source.read(HEADER)
    length = int.from_bytes(header[8:10], "big")
    wrapped, padding = header[10 : 10 + length], header[10 + length :]
    if len(header) != HEADER or header[:8] != MAGIC or padding.strip(b"\0"):
        raise TamperedObject(f"object {sha256} has no valid header")
    try:
        handle = tink.read_keyset_handle_with_associated_data(
            tink.BinaryKeysetReader(wrapped), org_key, f"{org_id}/{sha256}".encode()
        )
    except core.TinkError as error:
        raise TamperedObject(f"object {sha256} does not belong to this key, organisation and name") from error
    return handle.primitive(streaming_aead.StreamingAead).new_decrypting_stream(source, _DATA)  # type: ignore[no-any-return]


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
