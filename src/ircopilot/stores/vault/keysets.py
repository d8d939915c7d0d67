"""An organisation's Tink keyset: made, given a new version, and wrapped by a key-encryption key.

Source: Tink keysets, https://developers.google.com/tink/design/keysets
"""

from __future__ import annotations

import tink
from tink import aead, core, proto_keyset_format, secret_key_access
from tink.proto import tink_pb2

from ircopilot.stores.vault.protocol import UnusableVault

aead.register()
_TEMPLATE = aead.aead_key_templates.AES256_GCM


def new_keyset() -> tink.KeysetHandle:
    """A keyset of one AES256-GCM key."""
    return tink.new_keyset_handle(_TEMPLATE)


def with_new_version(handle: tink.KeysetHandle) -> tink.KeysetHandle:
    """The same keyset with one more key, which encrypts from now on; the older ones go on decrypting."""
    keyset, fresh = tink_pb2.Keyset(), tink_pb2.Keyset()
    keyset.ParseFromString(proto_keyset_format.serialize(handle, secret_key_access.TOKEN))
    held = {key.key_id for key in keyset.key}
    while not fresh.key or fresh.primary_key_id in held:
        fresh.ParseFromString(proto_keyset_format.serialize(new_keyset(), secret_key_access.TOKEN))
    keyset.key.extend(fresh.key)
    keyset.primary_key_id = fresh.primary_key_id
    return proto_keyset_format.parse(keyset.SerializeToString(), secret_key_access.TOKEN)


def wrap_keyset(handle: tink.KeysetHandle, kek: aead.Aead, org_id: str) -> bytes:
    """The keyset under a fresh key that `kek` encrypts: so its size is not bound by what a KMS takes (AWS: 4 KiB)."""
    envelope = aead.KmsEnvelopeAead(_TEMPLATE, kek)
    return bytes(proto_keyset_format.serialize_encrypted(handle, envelope, _context(org_id)))


def unwrap_keyset(wrapped: bytes, kek: aead.Aead, org_id: str) -> tink.KeysetHandle:
    """What `wrap_keyset` wrapped. Raises `UnusableVault`, and what `kek` raises."""
    try:
        return proto_keyset_format.parse_encrypted(wrapped, aead.KmsEnvelopeAead(_TEMPLATE, kek), _context(org_id))
    except core.TinkError as error:
        raise UnusableVault(f"the keyset of {org_id} does not unwrap", "restore it from a backup") from error


def _context(org_id: str) -> bytes:
    return f"ircopilot keyset v1 of {org_id}".encode()
