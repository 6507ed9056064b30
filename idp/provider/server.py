"""Authlib's only door on the server side: its authorization server leads each token request to `idp.provider.grants`.

Authlib is a kit of parsers and validators here, never a safe default. What it would take wrongly is overridden: its
payload is our form, clients prove themselves in `idp.provider.client_auth`, PKCE is S256 alone, and each grant hands the decision
that is made only once to a unique row. What a browser brings is checked in `idp.provider.authorize`, without Authlib.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import AuthorizationServer, ClientMixin, OAuth2Request
from authlib.oauth2.rfc6749.errors import InvalidGrantError, InvalidRequestError, UnauthorizedClientError
from authlib.oauth2.rfc6749.grants import (
    AuthorizationCodeGrant,
    BaseGrant,
    ClientCredentialsGrant,
    RefreshTokenGrant,
    TokenEndpointMixin,
)
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc7636 import CodeChallenge

from idp.model.client import Client, GrantType
from idp.model.flow import Refused
from idp.model.grant import Code, Tokens
from idp.provider import binding, device, exchange, grants
from idp.provider.client_auth import authenticated
from idp.provider.programs import NO_STORE, Answer, Form, refused

HandedOut = tuple[int, dict[str, Any], list[tuple[str, str]]]


def token(form: Form) -> Answer:
    """Answer a token request (RFC 6749 3.2)."""
    try:
        form.needed("grant_type")
        answer: Answer = _SERVER.create_token_response(form)
    except Refused as refusal:
        return refused(refusal)
    return answer


class FormRequest(OAuth2Request):  # type: ignore[misc]
    """A form as Authlib wants to ask it. Its own class reads the query string too, and checks a URL that a proxy decides."""

    def __init__(self, form: Form) -> None:
        self.ours = form
        self.method, self.uri, self.headers = (
            "POST",
            form.house.settings.issuer_url,
            {"Authorization": form.authorization},
        )
        self.payload: Any = BasicOAuth2Payload(dict(form.fields))
        self.client: Any = None
        self.authorization_code: Any = None
        self.auth_method: str | None = None
        self.user = self.refresh_token = self.credential = self._scope = None

    @property
    def args(self) -> Mapping[str, str]:
        """No parameter is taken from the query string (RFC 6749 3.2)."""
        return {}

    @property
    def form(self) -> Mapping[str, str]:
        """The fields of the form."""
        return self.ours.fields


class Known(ClientMixin):  # type: ignore[misc]
    """A client as Authlib's grants want to ask it."""

    def __init__(self, client: Client) -> None:
        self.ours = client

    def check_grant_type(self, grant_type: str) -> bool:
        """Whether the client is registered for this grant type, and still may be."""
        return any(grant_type == one for one in self.ours.grant_types if one in self.ours.policy.grant_types)


class Redeemable:
    """A code as Authlib's code grant and its PKCE extension want to ask it."""

    code_challenge_method = "S256"

    def __init__(self, code: Code) -> None:
        self.ours = code
        self.code_challenge = code.challenge

    def get_redirect_uri(self) -> str:
        """The address that the code was sent to."""
        return self.ours.redirect_uri


class CodeGrant(AuthorizationCodeGrant):  # type: ignore[misc]
    """RFC 6749 4.1.3. A code is used up by a unique row, not by a look and a later deletion."""

    def validate_token_request(self) -> None:
        """A second use counts as one with another address or verifier too: it revokes what came of the first."""
        try:
            super().validate_token_request()
        except InvalidGrantError:
            form = self.request.ours
            grants.used_again(form.house, form.fields["code"], self.request.client.ours, form.now)
            raise

    def query_authorization_code(self, code: str, client: Known) -> Redeemable:
        """The code, if this client may redeem it."""
        form = self.request.ours
        self.request.client = client
        return Redeemable(_told(grants.find_code, form.house, code, client.ours, form.now))

    def create_token_response(self) -> HandedOut:
        """Redeem the code."""
        form, client, code = self.request.ours, self.request.client.ours, self.request.authorization_code.ours
        cnf = _told(binding.shown, form, client, jkt=code.dpop_jkt)
        return _handed_out(
            _told(
                grants.redeem,
                form.house,
                form.fields["code"],
                code,
                client,
                form.now,
                cnf=cnf,
                resource=form.fields.get("resource"),
            )
        )


class S256(CodeChallenge):  # type: ignore[misc]
    """RFC 7636 with S256 alone. Whether a challenge was needed was decided at the authorization endpoint, by policy."""

    DEFAULT_CODE_CHALLENGE_METHOD = "S256"
    SUPPORTED_CODE_CHALLENGE_METHOD: ClassVar = ["S256"]
    CODE_CHALLENGE_METHODS: ClassVar = {"S256": CodeChallenge.CODE_CHALLENGE_METHODS["S256"]}

    def validate_code_verifier(self, grant: Any, result: Any) -> None:
        """Whatever is wrong with the verifier, it is the code that cannot be used (RFC 7636 4.6)."""
        try:
            super().validate_code_verifier(grant, result)
        except InvalidRequestError as error:
            raise InvalidGrantError(description=error.description) from error


class RefreshGrant(RefreshTokenGrant):  # type: ignore[misc]
    """RFC 6749 6, with a chain of successors in which reuse shows (RFC 9700 4.14.2)."""

    def validate_token_request(self) -> None:
        """Who asks, and with what; everything else is decided in one step with its consequence."""
        self.request.client = self._validate_request_client()
        _told(self.request.ours.needed, "refresh_token")

    def create_token_response(self) -> HandedOut:
        """Renew the tokens."""
        form, client = self.request.ours, self.request.client.ours
        cnf, value = _told(binding.shown, form, client), form.fields["refresh_token"]
        return _handed_out(
            _told(
                grants.refresh,
                form.house,
                value,
                client,
                form.scopes,
                form.now,
                cnf=cnf,
                resource=form.fields.get("resource"),
            )
        )


class CredentialsGrant(ClientCredentialsGrant):  # type: ignore[misc]
    """RFC 6749 4.4, for the registered API scopes of a client."""

    def create_token_response(self) -> HandedOut:
        """Give a token bound to agency and place."""
        form, client = self.request.ours, self.request.client.ours
        cnf = _told(binding.shown, form, client)
        return _handed_out(
            _told(
                grants.client_credentials,
                form.house,
                client,
                form.scopes,
                form.now,
                cnf=cnf,
                resource=form.fields.get("resource"),
            )
        )


class DeviceGrant(BaseGrant, TokenEndpointMixin):  # type: ignore[misc]
    """RFC 8628 3.4. Authlib's own would ask hooks of ours in an order that lets two redemptions pass."""

    GRANT_TYPE = GrantType.device.value

    def validate_token_request(self) -> None:
        """Who asks, and with what; everything else is decided in one step with its consequence."""
        self.request.client = _allowed(self)
        _told(self.request.ours.needed, "device_code")

    def create_token_response(self) -> HandedOut:
        """Redeem the device code, if its person has answered."""
        form, client = self.request.ours, self.request.client.ours
        cnf = _told(binding.shown, form, client)
        return _handed_out(_told(device.redeem, form.house, form.fields["device_code"], client, form.now, cnf=cnf))


class ExchangeGrant(BaseGrant, TokenEndpointMixin):  # type: ignore[misc]
    """RFC 8693 2.1."""

    GRANT_TYPE = GrantType.exchange.value

    def validate_token_request(self) -> None:
        """Who asks, and with what: the service itself is the one who acts, so it must prove itself."""
        self.request.client = _allowed(self)
        if self.request.client.ours.public:
            raise UnauthorizedClientError("A client that cannot prove itself exchanges nothing")

    def create_token_response(self) -> HandedOut:
        """Exchange the token."""
        form, client = self.request.ours, self.request.client.ours
        cnf = _told(binding.shown, form, client)
        return _handed_out(_told(exchange.exchange, form, client, cnf))


class Server(AuthorizationServer):  # type: ignore[misc]
    """Authlib's server with our ways in and out. It keeps no state; one serves every house."""

    def create_oauth2_request(self, request: Form) -> FormRequest:
        """Our form, once."""
        return FormRequest(request)

    def authenticate_client(self, request: FormRequest, methods: object, endpoint: str = "token") -> Known:
        """One way to prove oneself, one answer to every failure."""
        return Known(_told(authenticated, request.ours))

    def handle_response(self, status: int, body: dict[str, Any], headers: list[tuple[str, str]]) -> Answer:
        """A plain value; the web side writes it out."""
        return Answer(status, body, NO_STORE)

    def handle_error_response(self, request: FormRequest, error: OAuth2Error) -> Answer:
        """The error with one form and one status for each code (RFC 6749 5.2)."""
        return refused(Refused(error.error, error.description))

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Nobody listens."""


def _allowed(grant: Any) -> Known:
    """The client that proves itself, if it may use this grant type."""
    client: Known = grant.authenticate_token_endpoint_client()
    if not client.check_grant_type(grant.GRANT_TYPE):
        raise UnauthorizedClientError("This client is not registered for this grant_type")
    return client


def _handed_out(given: Tokens) -> HandedOut:
    return 200, dict(given.as_answer()), []


def _told(verb: Callable[..., Any], *args: Any, **named: Any) -> Any:
    """Call one of our verbs and tell its refusal in Authlib's words."""
    try:
        return verb(*args, **named)
    except Refused as refusal:
        raise OAuth2Error(refusal.description, error=refusal.error) from refusal


_SERVER = Server()
_SERVER.register_grant(CodeGrant, [S256(required=False)])
_SERVER.register_grant(RefreshGrant)
_SERVER.register_grant(CredentialsGrant)
_SERVER.register_grant(DeviceGrant)
_SERVER.register_grant(ExchangeGrant)
