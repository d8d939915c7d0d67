"""OpenID Connect with an organisation's provider: discovery, the authorization code with PKCE, the token, who it is.

Source: OpenID Connect Core 1.0 §3.1; Discovery 1.0 §4; RFC 7636; RFC 9207; RFC 9700 §2.1.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from ircopilot.access.errors import ProviderRefused, ProviderUnreachable
from ircopilot.access.outward import outward_transport

# Signatures that only the provider can make; a symmetric one could be made by whoever has the client's secret.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
_LEEWAY_S = 30
_KNOWN_S = 300.0
_MOST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Client:
    """How we are known to a provider; the secret in clear, for the length of a call."""

    issuer: str
    client_id: str
    secret: str
    scopes: str
    redirect_uri: str

    def __repr__(self) -> str:
        return f"Client({self.issuer}, {self.client_id})"


@dataclass(frozen=True, slots=True)
class Discovered:
    """What a provider says of itself: where people sign in, where codes are taken, how many keys it signs with."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    keys: int


class OidcPeer:
    """Talks to providers. What they say of themselves is remembered for five minutes; keys are fetched again when a token
    names one that is not known. `private`: providers on private networks and over plain HTTP are called too.
    """

    def __init__(self, private: bool) -> None:
        self._private = private
        self._known: dict[str, tuple[float, dict[str, Any]]] = {}

    def authorization_url(self, client: Client, state: str, nonce: str, verifier: str) -> str:
        """Where the browser is sent to. Raises `ProviderUnreachable`."""
        place = self._endpoint(self.discover(client.issuer), "authorization_endpoint")
        with self._oauth(client) as oauth:
            url: str = oauth.create_authorization_url(place, state=state, nonce=nonce, code_verifier=verifier)[0]
        return url

    def claims_of_code(self, client: Client, code: str, nonce: str, verifier: str) -> dict[str, Any]:
        """Who has come back with that code, as the provider says. Raises `ProviderRefused`, `ProviderUnreachable`."""
        about = self.discover(client.issuer)
        with self._oauth(client) as oauth:
            try:
                token = oauth.fetch_token(
                    self._endpoint(about, "token_endpoint"), code=code, code_verifier=verifier,
                    grant_type="authorization_code",
                )  # fmt: skip
            except httpx.HTTPError as error:
                raise ProviderUnreachable("the token endpoint did not answer", "try again") from error
            except (
                Exception
            ) as error:  # Authlib's own errors, and whatever an answer that is no token makes it stumble over
                raise ProviderRefused("the provider did not take the code", "begin again") from error
        claims = self._checked(client, about, str(token.get("id_token", "")), nonce)
        if "userinfo_endpoint" not in about or not token.get("access_token"):
            return claims
        more = self._get(
            self._endpoint(about, "userinfo_endpoint"), {"Authorization": f"Bearer {token['access_token']}"}
        )
        # What is said of somebody else must not be taken for this person's (Core §5.3.2).
        if not hmac.compare_digest(str(more.get("sub", "")).encode(), str(claims["sub"]).encode()):
            raise ProviderRefused("the provider speaks of two different people", "begin again")
        return {**more, **claims}

    def discover(self, issuer: str) -> dict[str, Any]:
        """What the provider says of itself. Raises `ProviderUnreachable`."""
        about = self._remembered(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if about.get("issuer") != issuer:
            raise ProviderUnreachable("its discovery document names another issuer", "see the issuer's exact spelling")
        return about

    def look_at(self, issuer: str) -> Discovered:
        """Whether all is there that a sign-in needs. Raises `ProviderUnreachable`."""
        about = self.discover(issuer)
        try:
            keys = len(self._keys(self._endpoint(about, "jwks_uri")).keys)
        except (JoseError, ValueError) as error:
            raise ProviderUnreachable("its keys cannot be read", "see what its jwks_uri answers") from error
        authorization, token = (self._endpoint(about, f"{name}_endpoint") for name in ("authorization", "token"))
        return Discovered(issuer, authorization, token, keys)

    def _checked(self, client: Client, about: Mapping[str, Any], token: str, nonce: str) -> dict[str, Any]:
        """The claims of an ID token that holds. Raises `ProviderRefused`."""
        place = self._endpoint(about, "jwks_uri")
        try:
            try:
                found = jwt.decode(token, self._keys(place), algorithms=ALGORITHMS)
            except InvalidKeyIdError:
                self._known.pop(place, None)  # the provider has changed its keys
                found = jwt.decode(token, self._keys(place), algorithms=ALGORITHMS)
            claims: dict[str, Any] = found.claims
            jwt.JWTClaimsRegistry(
                leeway=_LEEWAY_S, iss={"essential": True, "value": client.issuer}, exp={"essential": True},
                iat={"essential": True}, sub={"essential": True}, aud={"essential": True, "value": client.client_id},
                nonce={"essential": True, "value": nonce},
            ).validate(claims)  # fmt: skip
        except (JoseError, ValueError) as error:
            raise ProviderRefused("the provider's token does not hold", "begin again") from error
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", None if several else client.client_id) != client.client_id:
            raise ProviderRefused("the provider's token is for somebody else", "begin again")
        return claims

    def _keys(self, place: str) -> KeySet:
        return KeySet.import_key_set(self._remembered(place))  # type: ignore[arg-type]

    def _remembered(self, url: str) -> dict[str, Any]:
        known = self._known.get(url)
        if known is None or time.monotonic() - known[0] > _KNOWN_S:
            known = self._known[url] = (time.monotonic(), self._get(url, {}))
        return known[1]

    def _get(self, url: str, headers: dict[str, str]) -> dict[str, Any]:
        try:
            with (
                httpx.Client(transport=outward_transport(self._private), trust_env=False, timeout=10) as http,
                http.stream("GET", url, headers={"Accept": "application/json"} | headers) as answer,
            ):
                answer.raise_for_status()
                body = bytearray()
                for piece in answer.iter_bytes():
                    body += piece
                    if len(body) > _MOST_BYTES:
                        raise ValueError("too long")
                found = orjson.loads(body)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise ProviderUnreachable(f"{_host(url)} did not answer as a provider does", "see its address") from error
        if not isinstance(found, dict):
            raise ProviderUnreachable(f"{_host(url)} did not answer as a provider does", "see its address")
        return found

    def _endpoint(self, about: Mapping[str, Any], name: str) -> str:
        place = about.get(name)
        schemes = ("https", *(("http",) if self._private else ()))
        if not isinstance(place, str) or not place.lower().startswith(tuple(f"{scheme}://" for scheme in schemes)):
            raise ProviderUnreachable(f"its discovery document has no {name}", "see the issuer's address")
        return place

    def _oauth(self, client: Client) -> Any:
        with warnings.catch_warnings():
            import authlib.deprecate  # noqa: F401 - it would show its warnings always

            warnings.simplefilter("ignore")  # Authlib would rather have another HTTP client
            from authlib.integrations.httpx_client import OAuth2Client

        return OAuth2Client(
            client_id=client.client_id, client_secret=client.secret, scope=client.scopes,
            redirect_uri=client.redirect_uri, code_challenge_method="S256", transport=outward_transport(self._private),
            trust_env=False, timeout=10,
        )  # fmt: skip


def browser_mark(secret: str) -> str:
    """What is kept of the cookie that ties a sign-in to the browser that began it."""
    return base64.urlsafe_b64encode(hashlib.sha256(secret.encode()).digest()).decode()


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or "the provider"
    except ValueError:  # brackets that enclose no address
        return "the provider"
