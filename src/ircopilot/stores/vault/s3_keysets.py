"""Wrapped keysets in the vault's bucket: `<prefix>/.keys/<org>/<generation>`, never locked by us.

Removing one removes its versions, which a bucket with a default retention refuses: then it stays, worthless without
the KMS's key.
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from ircopilot.stores.vault.envelope import safe_org_id
from ircopilot.stores.vault.protocol import UnreachableVault
from ircopilot.stores.vault.s3_client import asking, code_of


class S3KeysetStore:
    """Generations as objects, made with `If-None-Match: *`. What only a delete marker hides is still there."""

    def __init__(self, client: Any, bucket: str, prefix: str) -> None:
        self._client, self._bucket, self._prefix = client, bucket, prefix

    def generations(self, org_id: str) -> list[int]:
        """See `KeysetStore.generations`."""
        prefix = self._key(org_id)
        versions = self._versions(prefix)
        return sorted({int(key[len(prefix) :]) for key, _ in versions if key[len(prefix) :].isdecimal()})

    def read(self, org_id: str, generation: int) -> bytes | None:
        """See `KeysetStore.read`."""
        key = self._key(org_id, generation)
        versions = [version for name, version in self._versions(key) if name == key]
        if not versions:
            return None
        with asking(f"reading {key}"):
            try:
                # The oldest: a version put on top later is not what was agreed on.
                answer = self._client.get_object(Bucket=self._bucket, Key=key, VersionId=versions[-1])
            except ClientError as error:
                if code_of(error) in ("NoSuchKey", "NoSuchVersion"):
                    return None
                raise
            data: bytes = answer["Body"].read()
        return data

    def add(self, org_id: str, generation: int, data: bytes) -> bool:
        """See `KeysetStore.add`."""
        key = self._key(org_id, generation)
        with asking(f"putting {key}"):
            try:
                self._client.put_object(
                    Bucket=self._bucket, Key=key, Body=data, ChecksumAlgorithm="SHA256", IfNoneMatch="*"
                )
            except ClientError as error:
                if code_of(error) == "ConditionalRequestConflict":
                    raise UnreachableVault(f"{key} is being put by somebody else") from error
                if code_of(error) != "PreconditionFailed":
                    raise
                return False
        return self.read(org_id, generation) == data

    def remove(self, org_id: str, generation: int) -> bool:
        """See `KeysetStore.remove`."""
        key = self._key(org_id, generation)
        gone = True
        for name, version in self._versions(key):
            with asking(f"removing {key}"):
                try:
                    if name == key:
                        self._client.delete_object(Bucket=self._bucket, Key=key, VersionId=version)
                except ClientError as error:
                    if code_of(error) != "AccessDenied":
                        raise
                    gone = False
        return gone

    def _versions(self, prefix: str) -> list[tuple[str, str]]:
        """Key and version id of what begins with `prefix`, newest first for each key."""
        found = []
        with asking(f"looking for {prefix}"):
            for page in self._client.get_paginator("list_object_versions").paginate(Bucket=self._bucket, Prefix=prefix):
                found += [(v["Key"], v["VersionId"]) for v in page.get("Versions", ())]
        return found

    def _key(self, org_id: str, generation: int | None = None) -> str:
        number = "" if generation is None else f"{generation:08d}"
        return f"{self._prefix}.keys/{safe_org_id(org_id)}/{number}"
