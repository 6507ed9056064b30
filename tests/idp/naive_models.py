"""What the naive provider keeps: the models of Authlib's documentation, in memory.

Each answers as Authlib's own mixin for SQLAlchemy does (`authlib.integrations.sqla_oauth2`).
"""

import secrets
import time
from copy import copy
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, TypeVar

from authlib.oauth2.rfc6749 import ClientMixin, TokenMixin, list_to_scope, scope_to_list
from authlib.oauth2.rfc8628 import DeviceCredentialDict
from authlib.oidc.core import AuthorizationCodeMixin
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

QUERY_SECONDS = 0.01  # a database takes as long to answer: two requests may both have read before either has written


Row = TypeVar("Row")


class Rows(dict[str, Row]):
    """A table."""

    def first(self, key: str) -> Row | None:
        """The row with this key as it is now, or None."""
        found = copy(self.get(key))
        time.sleep(QUERY_SECONDS)
        return found


@dataclass
class Tables:
    """What the application keeps. `grants` says what a person answered to the code that a device shows."""

    clients: Rows["Client"] = field(default_factory=Rows)
    codes: Rows["Code"] = field(default_factory=Rows)
    tokens: Rows["Token"] = field(default_factory=Rows)  # by access token
    refresh: Rows["Token"] = field(default_factory=Rows)  # the same by refresh token
    devices: Rows[DeviceCredentialDict] = field(default_factory=Rows)
    grants: Rows[tuple[str, bool]] = field(default_factory=Rows)
    keys: list[OctKey | RSAKey | ECKey | OKPKey] = field(default_factory=lambda: [new_key()])

    def revoke(self, token: "Token") -> None:
        """Mark a token as revoked."""
        self.tokens[token.access_token].revoked = True


def new_key() -> ECKey:
    """A signing key with a name of its own."""
    return ECKey.generate_key("P-256", parameters={"kid": secrets.token_urlsafe(6), "use": "sig"})


class Client(SimpleNamespace, ClientMixin):  # type: ignore[misc]  # Authlib has no types
    """A client: its identifier, its secret and its metadata by their names in RFC 7591."""

    def get_client_id(self) -> str:
        return str(self.client_id)

    def get_default_redirect_uri(self) -> str:
        return str(self.redirect_uris[0])

    def get_allowed_scope(self, scope: str) -> str:
        allowed = self.scope.split()
        return str(list_to_scope([one for one in scope_to_list(scope) if one in allowed])) if scope else ""

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri in self.redirect_uris

    def check_client_secret(self, client_secret: str) -> bool:
        return secrets.compare_digest(self.client_secret, client_secret)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == self.token_endpoint_auth_method if endpoint == "token" else True

    def check_response_type(self, response_type: str) -> bool:
        return response_type in self.response_types

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in self.grant_types


class Code(SimpleNamespace, AuthorizationCodeMixin):  # type: ignore[misc]
    """An authorization code; `auth_time` is when it was made."""

    def is_expired(self) -> bool:
        return bool(self.auth_time + 300 < time.time())

    def get_redirect_uri(self) -> str:
        return str(self.redirect_uri)

    def get_scope(self) -> str:
        return str(self.scope)

    def get_nonce(self) -> str:
        return str(self.nonce)

    def get_auth_time(self) -> int:
        return int(self.auth_time)

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> list[str]:
        return []


class Token(SimpleNamespace, TokenMixin):  # type: ignore[misc]
    """An access token and its refresh token."""

    def __init__(self, refresh_token: str | None = None, **given: Any) -> None:
        super().__init__(refresh_token=refresh_token, issued_at=time.time(), revoked=False, **given)

    def check_client(self, client: Client) -> bool:
        return bool(self.client_id == client.client_id)

    def get_scope(self) -> str:
        return str(self.scope)

    def is_expired(self) -> bool:
        return bool(self.issued_at + self.expires_in < time.time())

    def is_revoked(self) -> bool:
        return bool(self.revoked)
