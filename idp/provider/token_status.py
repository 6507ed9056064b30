"""What a token that somebody shows is worth now: whose it is, what it allows, whether it was revoked (RFC 7009, RFC 7662)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from hub import callers
from hub.house import House
from idp.acting import principals
from idp.model.client import Client
from idp.model.flow import Refused
from idp.model.grant import Grant
from idp.provider import binding, grants, revoke, sandbox
from idp.provider.client_auth import authenticated
from idp.provider.programs import NO_STORE, Answer, Form, refused
from idp.provider.tokens import read, sign
from idp.provider.tokens.read import Claims, NotAToken
from idp.store import clients as client_store
from idp.store import grants as store


@dataclass(frozen=True)
class Shown:
    """A living token of ours: an access token with its claims, or a refresh token with its grant alone."""

    client: str
    grant: Grant | None
    claims: Claims | None

    def is_for(self, client: Client) -> bool:
        """True if the client may learn of it: it was issued to this client, or for the API that this client is."""
        if self.client == client.id or self.claims is None:
            return self.client == client.id
        named, own = self.claims["aud"], client.registered.resource
        return bool(own) and own in (named if isinstance(named, list) else [named])


def revocation(form: Form) -> Answer:
    """Revoke a token of the client that asks. An unknown token is gone already, an unknown hint is ignored (RFC 7009 2.2)."""
    try:
        shown = _of_client(form)
    except Refused as refusal:
        return refused(refusal)
    if shown is not None:
        _revoke(form.house, shown, form.now)
    return Answer(200, {}, NO_STORE)


def introspection(form: Form) -> Answer:
    """Tell a client of a token of its own, or for its API; of any other that it is not active, and no more (RFC 7662 2.2)."""
    try:
        client = _who_asks(form)
        shown = look_up(form.house, form.needed("token"), form.now)
    except Refused as refusal:
        return refused(refusal)
    if shown is None or not shown.is_for(client):
        return _told(form, client, {"active": False})
    return _told(form, client, introspected(form.house, shown, form.now))


def _who_asks(form: Form) -> Client:
    """The client that asks; in the name of one that cannot prove itself anybody could (RFC 7662 2.1). Raises Refused."""
    client = authenticated(form)
    if client.public:
        raise Refused("invalid_client", "Client authentication failed")
    return client


def _told(form: Form, client: Client, said: Claims) -> Answer:
    """The answer as JSON, or signed for whom it must be proof (RFC 9701 4, 5)."""
    if SIGNED not in form.accept:
        return Answer(200, said, NO_STORE)
    plain = "RS256" if "RS256" in client.policy.id_token_algorithms else client.policy.id_token_algorithm  # RFC 9701 6
    algorithm = client.registered.introspection_signed_response_alg or plain
    claims = {"token_introspection": said}
    text = sign.answer(form.house, client, algorithm, "token-introspection+jwt", claims, form.now)
    return Answer(200, {}, NO_STORE, text=text, media=SIGNED)


SIGNED = "application/token-introspection+jwt"


def look_up(house: House, token: str, now: datetime) -> Shown | None:
    """What this token is, or None if it is unknown, expired, revoked or forged: the asker learns no more (RFC 7662 2.2)."""
    return _access(house, token, now) if token.count(".") == 2 else _refresh(house, token, now)


def introspected(house: House, shown: Shown, now: datetime) -> Claims:
    """What its own client is told of a token (RFC 7662 2.2): whom it is about, and who acts for him, of either kind."""
    if shown.claims is not None:
        return {"active": True, "token_type": binding.type_of(shown.claims)} | {
            name: value for name, value in shown.claims.items() if name not in PRIVATE
        }
    assert shown.grant is not None
    return _about(house, shown.client, shown.grant, now) | {
        "active": True,
        "iss": house.settings.issuer_url,
        "client_id": shown.client,
        "scope": " ".join(shown.grant.scopes),
        "iat": int(shown.grant.made.timestamp()),
        "exp": int(shown.grant.ends.timestamp()),
    }


def _about(house: House, client_id: str, grant: Grant, now: datetime) -> Claims:
    with house.database.read() as db:
        client = client_store.client(db, client_id)
        held = principals.mandates(db, grant.person, grant.acting_for, now)
    return sign.about(house, client, grant, sandbox.mandates(client, held)) if client else {}


def _revoke(house: House, shown: Shown, now: datetime) -> None:
    """Revoke a token. A refresh token takes its whole family with it, an access token goes alone (RFC 7009 2.1)."""
    if shown.claims is None:
        assert shown.grant is not None
        revoke.grants(house, [shown.grant], why="revoked by its client", now=now)
        return
    with house.database.write() as db:
        callers.revoke(db, shown.claims["jti"], now, now + timedelta(seconds=house.settings.access_seconds))


def _of_client(form: Form) -> Shown | None:
    """The token in a form, if it is a living one of the client that proves itself there. Raises Refused."""
    client = authenticated(form)
    shown = look_up(form.house, form.needed("token"), form.now)
    return shown if shown is not None and shown.client == client.id else None


PRIVATE = {"gid", "person", "holder_keys", "sid"}  # what our own house reads in a token, nobody else's business


def _access(house: House, token: str, now: datetime) -> Shown | None:
    try:
        claims = read.access_token(house, token, now)
    except NotAToken:
        return None
    gid = claims.get("gid")
    with house.database.look() as db:
        grant = store.grant(db, gid) if gid else None
        revoked = callers.is_revoked(db, [claims["jti"], claims["client_id"]])
    if revoked or (gid and (grant is None or not grants.in_force(house, grant, now))):
        return None
    return Shown(claims["client_id"], grant, claims)


def _refresh(house: House, token: str, now: datetime) -> Shown | None:
    found, _ = grants.renewable(house, token, now)
    if found is None or found[0].replaced is not None:
        return None
    return Shown(found[1].client, found[1], None)
