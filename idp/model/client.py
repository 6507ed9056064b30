"""A service that uses the provider: who owns it, how it proves itself, what it may ask for."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from hub.problems import Problem

LOOPBACK = ("127.0.0.1", "[::1]")  # RFC 8252 7.3: literal addresses; the name localhost may resolve elsewhere
PERSON_SCOPES = ("openid", "profile", "realname", "company", "offline_access")
ID_TOKEN_ALGORITHMS = ("RS256", "ES256")
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,64}")  # RFC 6749 3.3 scope-token
_CLIENT_ID = re.compile(r"[A-Za-z0-9._~-]{1,64}")


class ClientAuth(StrEnum):
    """How a client proves at the token endpoint that it is itself (OpenID Connect Core 9)."""

    none = "none"
    secret_basic = "client_secret_basic"
    secret_post = "client_secret_post"
    private_key_jwt = "private_key_jwt"


class GrantType(StrEnum):
    """What a client may hand in at the token endpoint (RFC 6749 4)."""

    code = "authorization_code"
    refresh = "refresh_token"
    client_credentials = "client_credentials"


class Basis(StrEnum):
    """Why a service may use what it is told (Personal Information Protection Law, articles 13 and 34)."""

    consent = "consent"  # the person's own yes
    duty = "duty"  # a duty or power of the body by law; the person's yes lets him decide when


class ClientWrong(Problem):
    """The description of a client breaks a rule; nothing was stored."""

    status = 400
    title = "This service cannot be registered"
    advice = "Correct the named field and try again."


class UnknownClient(Problem):
    """No service is registered under this client_id. Never redirected anywhere (RFC 9700 4.11)."""

    status = 400
    title = "This service is not registered here"
    advice = "Go back to the service that sent you and tell its help desk. You have done nothing wrong."


@dataclass(frozen=True)
class Policy:
    """A named set of rules that a client lives under; PKCE is a rule of the policy, not of the server."""

    name: str
    pkce_required: bool = False  # of confidential clients; public clients always need it
    rotates_refresh: bool = True
    token_endpoint_as_audience: bool = True  # of client assertions, beside the issuer
    assertion_algorithms: tuple[str, ...] = ("ES256", "PS256", "EdDSA", "RS256")


STANDARD = Policy("standard")
POLICIES = {policy.name: policy for policy in (STANDARD,)}


@dataclass(frozen=True)
class Client:
    """One registered service (an OAuth client, an OpenID Connect relying party)."""

    id: str
    name: str
    name_en: str
    agency: str  # unified code of the body that answers for it
    place: str  # its place in the tree: hub/880000/…
    auth: ClientAuth
    redirect_uris: tuple[str, ...] = ()
    post_logout_uris: tuple[str, ...] = ()
    backchannel_logout_uri: str = ""
    events_uri: str = ""  # where it is told what becomes of the accounts of its people (RFC 8935)
    grant_types: tuple[GrantType, ...] = (GrantType.code,)
    scopes: tuple[str, ...] = ("openid",)
    secret_digest: str = ""
    keys: tuple[dict[str, Any], ...] = field(default=(), hash=False)  # its public JWKs
    policy: Policy = STANDARD
    id_token_algorithm: str = "RS256"  # what a client gets that names none (OpenID Connect Registration 2)
    pairwise: bool = True
    sector: str = ""  # host that its pairwise subjects belong to
    native: bool = False  # an installed program: may use a loopback port of its choice
    first_party: bool = False  # ours: no consent page
    level: int = 1  # the assurance level that it always needs
    purpose: str = ""  # why it asks, on the consent page: legal basis in one sentence
    purpose_en: str = ""
    basis: Basis = Basis.consent
    citation: str = ""  # the rule behind a duty or power
    sandbox: bool = False  # on trial: for its testers alone, told of invented people, without access to the API
    testers: tuple[str, ...] = ()  # keyed indexes of account names
    created: datetime | None = None
    ended: datetime | None = None

    @property
    def public(self) -> bool:
        """True for a client that cannot keep a secret (RFC 6749 2.1)."""
        return self.auth is ClientAuth.none

    @property
    def needs_pkce(self) -> bool:
        """True if its authorization requests must bring a challenge (RFC 9700 2.1.1)."""
        return self.public or self.policy.pkce_required

    @property
    def person_scopes(self) -> tuple[str, ...]:
        """The scopes that it may ask of a person."""
        return tuple(scope for scope in self.scopes if scope in PERSON_SCOPES)

    @property
    def api_scopes(self) -> tuple[str, ...]:
        """The scopes that it may use in its own name."""
        return tuple(scope for scope in self.scopes if scope not in PERSON_SCOPES)

    def may(self, grant_type: GrantType) -> bool:
        """True if it is registered for this grant type."""
        return grant_type in self.grant_types

    def redirects_to(self, uri: str) -> bool:
        """True if `uri` is registered, as an exact string; a native program may vary its loopback port (RFC 9700 2.1)."""
        if uri in self.redirect_uris:
            return True
        return self.native and any(_same_but_port(uri, registered) for registered in self.redirect_uris)

    def checked(self) -> "Client":
        """This client, if its description keeps every rule; raises ClientWrong naming the first that is broken."""
        for check in CHECKS:
            check(self)
        return self


def _same_but_port(uri: str, registered: str) -> bool:
    """Compare two loopback URIs, leaving out the port (RFC 8252 7.3)."""
    known = _LOOPBACK_URI.fullmatch(registered)
    asked = _LOOPBACK_URI.fullmatch(uri)
    return bool(known and asked and known["host"] == asked["host"] and known["rest"] == asked["rest"])


_LOOPBACK_URI = re.compile(r"http://(?P<host>127\.0\.0\.1|\[::1\])(?::[1-9][0-9]{0,4})?(?P<rest>/[!-~]*|)")


def _id_is_plain(client: Client) -> None:
    if not _CLIENT_ID.fullmatch(client.id):
        raise ClientWrong("The client id may hold letters, digits and . _ ~ - only, at most 64")


def _has_names(client: Client) -> None:
    if not client.name.strip() or not client.name_en.strip():
        raise ClientWrong("A service needs its name in Chinese and in English")


def _has_redirects_if_people_come(client: Client) -> None:
    if client.may(GrantType.code) != bool(client.redirect_uris):
        raise ClientWrong("A service that people sign in to needs a redirect URI, another one none")


def _uris_are_safe(client: Client) -> None:
    for uri in (*client.redirect_uris, *client.post_logout_uris, *_told_at(client)):
        if not safe_uri(uri, native=client.native):
            raise ClientWrong("%(uri)s is not an https address without a fragment", uri=uri)


def _told_at(client: Client) -> tuple[str, ...]:
    return tuple(uri for uri in (client.backchannel_logout_uri, client.events_uri) if uri)


def safe_uri(uri: str, *, native: bool) -> bool:
    """True for https without fragment or user; http on this very machine only (demo sites, native programs)."""
    if not re.fullmatch(r"[!-~]{1,2000}", uri) or "\\" in uri or "#" in uri:
        return False
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or parts.username is not None or parts.password is not None or "*" in parts.netloc:
        return False
    if native and _LOOPBACK_URI.fullmatch(uri):
        return True
    return parts.scheme == "https" or (parts.scheme == "http" and host in ("localhost", "127.0.0.1", "::1"))


def _scopes_are_tokens(client: Client) -> None:
    wrong = [scope for scope in client.scopes if not _SCOPE.fullmatch(scope)]
    if wrong:
        raise ClientWrong("%(scope)s is not a scope", scope=wrong[0])
    if client.may(GrantType.code) and "openid" not in client.scopes:
        raise ClientWrong("A service that people sign in to needs the scope openid")


def _proof_fits(client: Client) -> None:
    secret = client.auth in (ClientAuth.secret_basic, ClientAuth.secret_post)
    if secret != bool(client.secret_digest):
        raise ClientWrong("A secret belongs to client_secret_basic and client_secret_post, and only to them")
    if (client.auth is ClientAuth.private_key_jwt) != bool(client.keys):
        raise ClientWrong("Public keys belong to private_key_jwt, and only to it")
    if any("d" in key or "k" in key for key in client.keys):
        raise ClientWrong("A private key was given; only its public half may be registered")


def _public_has_no_credentials_of_its_own(client: Client) -> None:
    if client.public and client.may(GrantType.client_credentials):
        raise ClientWrong("A public client cannot use client_credentials")


def _algorithm_is_known(client: Client) -> None:
    if client.id_token_algorithm not in ID_TOKEN_ALGORITHMS:
        raise ClientWrong("ID tokens are signed with RS256 or ES256")


def _sector_is_plain(client: Client) -> None:
    hosts = {urlsplit(uri).hostname for uri in client.redirect_uris}
    if client.pairwise and len(hosts) > 1 and not client.sector:
        raise ClientWrong("Redirect URIs on several hosts need a sector (OpenID Connect Core 8.1)")


def _sandbox_is_apart(client: Client) -> None:
    if not client.sandbox:
        if client.testers:
            raise ClientWrong("Only a sandbox has testers")
        return
    if client.api_scopes or client.first_party or client.may(GrantType.client_credentials):
        raise ClientWrong("A sandbox may sign its testers in, and no more")
    if not client.pairwise or client.sector != client.id:
        raise ClientWrong("The subjects of a sandbox belong to it alone: its sector is its own id")


CHECKS = (
    _id_is_plain,
    _has_names,
    _has_redirects_if_people_come,
    _uris_are_safe,
    _scopes_are_tokens,
    _proof_fits,
    _public_has_no_credentials_of_its_own,
    _algorithm_is_known,
    _sector_is_plain,
    _sandbox_is_apart,
)
