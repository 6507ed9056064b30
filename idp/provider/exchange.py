"""Token exchange (RFC 8693): a service that acts for a person calls the API of another one in his name, and says so.

The rules, all of them: the client may exchange, and the other service is one of those that its registration names; the token
is a person's, alive, and was issued to the client or for its API; the person agreed, where he signed in, that this API is called
in his name; what comes out allows no more, lives no longer, falls with the same grant, and names the client as the one who
acts. Nobody is impersonated: there is no token without `act`.
"""

from typing import Any

from hub import ledger
from hub.house import House
from idp.account.standing import may_be_called, may_be_told, whose
from idp.acting import principals
from idp.model.client import Client, GrantType
from idp.model.flow import Refused
from idp.model.grant import Grant, Tokens
from idp.provider import binding, clients, resources, sandbox, token_status
from idp.provider.programs import Form
from idp.provider.tokens import sign
from idp.provider.tokens.read import Claims
from idp.store import releases

ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
MOST_ACTORS = 4  # services in a row; a longer way is a mistake or an attack


def exchange(form: Form, client: Client, cnf: str) -> Tokens:
    """A token for the API of another service, in exchange for one that names a person. Raises Refused."""
    _asks_for_what_there_is(form)
    claims, grant = _subject(form, client)
    giver = clients.known(form.house, grant.client, form.now)  # to whom the person said yes
    if giver is None:
        raise Refused("invalid_request", UNUSABLE)
    if giver.first_party:  # decision 37: nobody was asked there, and nobody will be
        raise Refused("invalid_target", OURS)
    target = _target(form, client)
    scopes = _scopes(form, claims)
    if "cnf" in claims and not cnf:
        raise Refused("invalid_request", "A token that is bound to a key is exchanged for one that is: show a key")
    made = _claims(form.house, client, target, grant, claims, form) | {"scope": " ".join(scopes)} | binding.claim(cnf)
    token = sign.access(form.house, made, form.now)
    with form.house.database.write() as db:
        if not may_be_told(db, grant, giver):
            raise Refused("invalid_request", UNUSABLE)
        if not may_be_called(db, grant, giver, target):
            raise Refused("invalid_target", NOT_AGREED)
        facts = {"grant": grant.id, "scopes": [], "token": made["jti"]}
        event = ledger.wrote(
            db, "token.exchanged", f"client:{target.id}", by=f"client:{client.id}", at=form.now, place=target.place,
            facts=facts,
        )  # fmt: skip
        releases.add(db, event, whose(grant), target.id, form.now)
    left = made["exp"] - int(form.now.timestamp())
    return Tokens(token, left, made["scope"], token_type=binding.token_type(cnf), issued_type=ACCESS_TOKEN)


# -- inside

UNUSABLE = "The subject_token is unknown, over, or not for this client"
OURS = "This token comes of a sign-in at a site of the provider itself, which asks nobody whether his token may go on"
NOT_AGREED = "The person has not agreed to calls of this API in his name: let him sign in again, he will be asked"


def _asks_for_what_there_is(form: Form) -> None:
    if form.needed("subject_token_type") != ACCESS_TOKEN:
        raise Refused("invalid_request", "Only access tokens are exchanged")
    if form.fields.get("requested_token_type", ACCESS_TOKEN) != ACCESS_TOKEN:
        raise Refused("invalid_request", "Only access tokens are given")
    if {"actor_token", "actor_token_type"} & form.fields.keys():
        raise Refused("invalid_request", "Who acts is the client that proves itself here; there is no actor_token")


def _subject(form: Form, client: Client) -> tuple[Claims, Grant]:
    """What the token says that is handed in, and the grant behind it."""
    shown = token_status.look_up(form.house, form.needed("subject_token"), form.now)
    if shown is None or shown.claims is None or shown.grant is None or not shown.is_for(client):
        raise Refused("invalid_request", UNUSABLE)
    if shown.claims.get("may_act", {"sub": client.id})["sub"] != client.id:
        raise Refused("invalid_request", UNUSABLE)
    return shown.claims, shown.grant


def _target(form: Form, client: Client) -> Client:
    """The service whose API the token is for: named by its client_id, by its address, or by both (RFC 8693 2.1)."""
    named, address = form.fields.get("audience", ""), form.fields.get("resource", "")
    if not named and not address:
        raise Refused("invalid_target", "audience or resource is missing")
    for found in resources.reached(form.house, client, form.now):
        if named in ("", found.id) and address in ("", found.registered.resource):
            return found
    raise Refused("invalid_target", "This client may not reach such an API in the name of a person")


def _scopes(form: Form, claims: Claims) -> tuple[str, ...]:
    """What the token shall allow: no more than the one that was handed in, and never beyond the person's presence."""
    has = [scope for scope in str(claims["scope"]).split() if scope != "offline_access"]
    if form.scopes is None:
        return tuple(has)
    if not form.scopes or not set(form.scopes) <= set(has):
        raise Refused("invalid_scope", "More than the subject_token allows")
    return tuple(scope for scope in has if scope in form.scopes)


def _claims(house: House, client: Client, target: Client, grant: Grant, before: Claims, form: Form) -> Claims:
    """The claims of the new token, but for what it allows. Whom it is about is said in the words of its reader."""
    with house.database.read() as db:
        held = principals.mandates(db, grant.person, grant.acting_for, form.now)
    about = sign.about(house, target, grant, sandbox.mandates(target, held))
    kept = {name: before[name] for name in ("auth_time", "acr", "amr") if name in before}
    made: Claims = sign.plain(house, client, form.now) | about | kept
    made |= {
        "exp": min(made["exp"], before["exp"]),
        "aud": target.registered.resource,
        "gid": grant.id,
        "act": _acting([client.id, *_services(before)], about.get("act")),
    }
    return made | ({"may_act": {"sub": target.id}} if target.may(GrantType.exchange) else {})


def _services(claims: Claims) -> list[str]:
    """The services through whose hands a token has come, the latest first. Raises Refused where they are too many."""
    found, act = list[str](), claims.get("act")
    while isinstance(act, dict):
        found += [act["client_id"]] if "client_id" in act else []
        act = act.get("act")
    if len(found) >= MOST_ACTORS:
        raise Refused("invalid_request", "The token has come through too many services")
    return found


def _acting(services: list[str], person: Claims | None) -> Claims:
    """Who acts (RFC 8693 4.1): the latest service outside; inside, the person who acts for the one it is about, if one does."""
    act: dict[str, Any] | None = person
    for id in reversed(services):
        act = {"sub": id, "client_id": id} | ({"act": act} if act else {})
    assert act
    return act
