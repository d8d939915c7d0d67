"""Passwords: what makes one, and argon2id. Source: NIST SP 800-63B-4 §3.1.1; RFC 9106 §4 (second recommendation)."""

from __future__ import annotations

import functools
import secrets
import unicodedata

import argon2

from ircopilot.access.errors import WeakPassword

LEAST, MOST = 12, 256
_DISTINCT = 5
_HASHER = argon2.PasswordHasher(time_cost=3, memory_cost=64 << 10, parallelism=4)


def check_strength(password: str, email: str) -> None:
    """Raises `WeakPassword` for one that is short, of few different characters, or made of the e-mail address."""
    text = _normal(password)
    if not LEAST <= len(text) <= MOST:
        raise WeakPassword(f"a password has {LEAST} to {MOST} characters", "take several words")
    if len(set(text)) < _DISTINCT:
        raise WeakPassword(f"it has fewer than {_DISTINCT} different characters", "take several words")
    folded, name = text.casefold(), email.partition("@")[0]
    if (
        folded in (email.casefold(), email.casefold()[::-1])
        or folded.replace(name.casefold(), "", 1).strip("0123456789!.") == ""
    ):
        raise WeakPassword("it is the e-mail address", "take several words that have nothing to do with it")


def hash_password(password: str) -> str:
    """The argon2id hash of a password, with its parameters and a salt of its own."""
    return _HASHER.hash(_normal(password))


def verify_password(hash_: str | None, password: str) -> bool:
    """Whether it is the password. Without a hash the same work is done, and the answer is no."""
    try:
        return _HASHER.verify(hash_ or _nobodys(), _normal(password)) and hash_ is not None
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False


def is_outdated(hash_: str) -> bool:
    """Whether the hash was made with other parameters than those of today."""
    return _HASHER.check_needs_rehash(hash_)


@functools.cache
def _nobodys() -> str:
    return _HASHER.hash(secrets.token_urlsafe(32))


def _normal(password: str) -> str:
    return unicodedata.normalize("NFKC", password)
