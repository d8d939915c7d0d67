"""The S3 client of the vault: its address, and what its errors mean to us.

Source: Amazon S3 API reference, https://docs.aws.amazon.com/AmazonS3/latest/API/Welcome.html
"""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError

from ircopilot.stores.vault.protocol import UnreachableVault, UnusableVault

_LATER = {"SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout", "RequestTimeTooSkewed", "Throttling"}
_MAKING = threading.Lock()
_OPTIONS = {"endpoint", "region", "retention_days"}


@dataclass(frozen=True, slots=True)
class S3Place:
    """Where a vault lies in S3, and for how many days each object is locked when it is put."""

    bucket: str
    prefix: str = ""
    endpoint: str | None = None
    region: str | None = None
    retention_days: int = 30

    @classmethod
    def of(cls, url: str) -> S3Place:
        """From `s3://bucket/prefix?endpoint=…&region=…&retention_days=…`. Raises `UnusableVault`."""
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        unknown = sorted(options.keys() - _OPTIONS)
        days = options.get("retention_days", "30")
        if not parts.hostname or unknown or not days.isdecimal() or not 1 <= int(days) <= 36_500:
            what = f"it does not know {', '.join(unknown)}" if unknown else "retention_days is a number of 1 to 36500"
            raise UnusableVault(f"{url} is no address of an S3 vault: {what}", "use s3://bucket/prefix?endpoint=…")
        prefix = unquote(parts.path).strip("/")
        return cls(
            parts.netloc,
            f"{prefix}/" if prefix else "",
            options.get("endpoint") or None,
            options.get("region") or None,
            int(days),
        )


@functools.cache
def _session() -> Any:
    return boto3.session.Session()


def connect(service: str, region: str | None, endpoint: str | None) -> Any:
    """A boto3 client with boto3's usual chain of credentials. Raises `UnusableVault`."""
    config = Config(
        retries={"mode": "standard"},
        connect_timeout=10,
        read_timeout=60,
        s3={"addressing_style": "path" if endpoint else "auto"},
    )
    try:
        # A session reads megabytes of service descriptions, once; making clients of it is not safe between threads.
        with _MAKING:
            return _session().client(service, region_name=region, endpoint_url=endpoint, config=config)
    except (BotoCoreError, ValueError) as error:
        raise UnusableVault(f"no client for {service}: {error}", "give region= in the URL, or AWS_REGION") from error


def code_of(error: ClientError) -> str:
    """The error's code: `AccessDenied`, `404`, `PreconditionFailed`…"""
    return str(error.response.get("Error", {}).get("Code", ""))


@contextlib.contextmanager
def asking(what: str) -> Iterator[None]:
    """Errors of boto3 as ours: `UnreachableVault` for what may pass, `UnusableVault` for what needs somebody."""
    try:
        yield
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise UnusableVault(f"{what}: no credentials", "see boto3's chain of credentials") from error
    except BotoCoreError as error:
        raise UnreachableVault(f"{what}: {error}") from error
    except ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        kind = UnreachableVault if status >= 500 or code_of(error) in _LATER else UnusableVault
        raise kind(f"{what}: {code_of(error)}: {error.response.get('Error', {}).get('Message', '')}") from error
