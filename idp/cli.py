"""`yinxin client`: registered services, for operators at the machine."""

import json
from pathlib import Path
from typing import Any

import click

from hub import clock
from hub.cli import opened
from hub.tree import ROOT
from idp import cli_clients, cli_keys, cli_people, cli_upstream
from idp.cli_evidence import evidence
from idp.model.client import (
    ID_TOKEN_ALGORITHMS,
    POLICIES,
    Basis,
    Client,
    ClientAuth,
    GrantType,
    Policy,
    Registration,
)
from idp.provider import clients
from idp.store import clients as store

BY = "operator"


@click.group()
def client() -> None:
    """Registered services: who may send people here, who may call our API."""


@client.command()
@click.argument("client_id")
@click.option("--name", required=True, help="Its name in Chinese, as people read it on the consent page.")
@click.option("--name-en", required=True, help="Its name in English.")
@click.option("--agency", required=True, help="Unified code of the body that answers for it.")
@click.option("--place", default=ROOT, show_default=True, help="Its place in the tree.")
@click.option(
    "--redirect", "redirects", multiple=True, help="Where people are sent back to; may be given several times."
)
@click.option("--post-logout", "post_logout", multiple=True, help="Where people may be sent after signing out.")
@click.option("--backchannel", default="", help="Where it is told that somebody signed out.")
@click.option("--frontchannel", default="", help="The same, in a frame of the page after signing out.")
@click.option("--events", default="", help="Where it is told what becomes of an account (docs/identity/events.md).")
@click.option("--scope", "scopes", multiple=True, help="What it may ask for, such as realname or licenses:issue.")
@click.option(
    "--grant",
    "grants",
    multiple=True,
    type=click.Choice([one.name for one in GrantType]),
    help="What it may hand in; may be given several times. If none is named: code and refresh with --redirect (kiosk: code),"
    " client_credentials with a scope of our API. device: a terminal by a code (docs/identity/devices.md). exchange: calls"
    " another service in a person's name (docs/identity/tokens.md). implicit: legacy alone.",
)
@click.option(
    "--auth",
    type=click.Choice([one.value for one in ClientAuth]),
    default=ClientAuth.secret_basic.value,
    show_default=True,
    help="How it proves itself. fapi2 takes no secret: private_key_jwt with --keys or --jwks-uri, or a certificate."
    " tls_client_auth is described in a file (docs/clients.md).",
)
@click.option(
    "--keys", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Its public keys, a JWK Set."
)
@click.option(
    "--id-token",
    type=click.Choice(ID_TOKEN_ALGORITHMS),
    help="How its ID tokens are signed; if not named RS256, under fapi2 ES256.",
)
@click.option("--level", type=click.IntRange(1, 4), default=1, help="The level of assurance that it always needs.")
@click.option("--purpose", default="", help="In one Chinese sentence why it asks; people read it before they agree.")
@click.option("--purpose-en", default="", help="The same in English.")
@click.option(
    "--basis",
    type=click.Choice([one.value for one in Basis]),
    default=Basis.consent.value,
    help="Why it may use what it is told: the person's consent, or a duty of the body by law.",
)
@click.option("--citation", default="", help="Of a duty: the rule that gives it; people read it.")
@click.option("--policy", type=click.Choice(sorted(POLICIES)), default="standard", show_default=True, help="Its rules.")
@click.option("--jwks-uri", default="", help="Where it publishes its keys, instead of --keys.")
@click.option("--resource", default="", help="Its own API: the address by which tokens name it (RFC 8707).")
@click.option("--reaches", multiple=True, help="The id of a service whose API it may call in a person's name.")
@click.option("--agency-name", default="", help="The body's name in Chinese, as people read it on the consent page.")
@click.option("--agency-name-en", default="", help="The same in English.")
@click.option("--native", is_flag=True, help="An installed program: may use any port of this machine.")
def add(client_id: str, keys: Path | None, auth: str, **given: Any) -> None:
    """Register the service CLIENT_ID, or change it. A secret is made and shown once."""
    way = ClientAuth(auth)
    secret = clients.new_secret() if way in (ClientAuth.secret_basic, ClientAuth.secret_post) else ""
    described = _described(client_id, way, secret, keys, given)
    with opened() as house:
        clients.add(house, described, by=BY, now=clock.now())
        unknown = [id for id in given["reaches"] if not _is_api(clients.known(house, id, clock.now()))]
    click.echo(f"{client_id} is registered.")
    if unknown:
        click.echo(f"Not yet to be reached, as nobody registered them with --resource: {', '.join(unknown)}")
    if secret:
        click.echo(f"Its secret, shown only this once: {secret}")


@client.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def load(file: Path) -> None:
    """Register every service that a TOML FILE describes (docs/clients.md). A second load changes nothing."""
    with opened() as house:
        found = clients.load(house, file, by=BY, now=clock.now())
    click.echo(f"{len(found)} services: {', '.join(one.id for one in found)}")


@client.command("list")
@click.option("--place", default=ROOT, help="Only those below this place in the tree.")
def list_command(place: str) -> None:
    """List the registered services."""
    with opened() as house, house.database.read() as db:
        for one in store.clients(db, place):
            state = f"ended {one.ended:%Y-%m-%d}" if one.ended else "waits" if one.waiting else one.auth.value
            click.echo(f"{one.id:<24} {one.agency:<18} {one.place:<24} [{state}] {one.name}")


@client.command()
@click.argument("client_id")
def show(client_id: str) -> None:
    """Print what is registered of the service CLIENT_ID, without its secret."""
    with opened() as house, house.database.read() as db:
        one = store.client(db, client_id)
    if one is None:
        raise click.ClickException(f"There is no service {client_id}")
    click.echo(json.dumps(_shown(one), ensure_ascii=False, indent=1))


@client.command()
@click.argument("client_id")
def end(client_id: str) -> None:
    """Close the access of the service CLIENT_ID at once, with every token of it."""
    with opened() as house:
        clients.end(house, client_id, by=BY, now=clock.now())
    click.echo(f"{client_id} has ended. Nobody can sign in there by us, and its tokens are refused.")


@client.command()
def secret() -> None:
    """Make a secret for a TOML file, and the digest to put there instead of it."""
    made = clients.new_secret()
    click.echo(f"secret, for the service:    {made}")
    click.echo(f"secret_sha256, for the file: {clients.secret_digest(made)}")


for one in cli_clients.commands:
    client.add_command(one)
commands = [client, evidence, cli_keys.keys, cli_upstream.upstream, *cli_people.commands]


def _described(client_id: str, way: ClientAuth, secret: str, keys: Path | None, given: dict[str, Any]) -> Client:
    policy = POLICIES[given["policy"]]
    grant_types = tuple(GrantType[name] for name in given["grants"]) or _usual_grants(way, policy, given)
    people = {GrantType.code, GrantType.device, GrantType.implicit} & set(grant_types)
    return Client(
        id=client_id,
        name=given["name"],
        name_en=given["name_en"],
        agency=given["agency"],
        place=given["place"],
        auth=way,
        redirect_uris=given["redirects"],
        post_logout_uris=given["post_logout"],
        backchannel_logout_uri=given["backchannel"],
        events_uri=given["events"],
        grant_types=grant_types,
        scopes=(*(["openid"] if people and "openid" not in given["scopes"] else []), *given["scopes"]),
        secret_digest=clients.secret_digest(secret) if secret else "",
        keys=tuple(json.loads(keys.read_text(encoding="utf-8"))["keys"]) if keys else (),
        id_token_algorithm=given["id_token"] or policy.id_token_algorithm,
        level=given["level"],
        purpose=given["purpose"],
        purpose_en=given["purpose_en"],
        basis=Basis(given["basis"]),
        citation=given["citation"],
        native=given["native"],
        policy=policy,
        agency_name=given["agency_name"],
        agency_name_en=given["agency_name_en"] or given["agency_name"],
        registered=Registration(
            jwks_uri=given["jwks_uri"],
            frontchannel_logout_uri=given["frontchannel"],
            resource=given["resource"],
            exchanges_for=given["reaches"],
        ),
    )


def _is_api(client: Client | None) -> bool:
    return client is not None and bool(client.registered.resource)


def _usual_grants(way: ClientAuth, policy: Policy, given: dict[str, Any]) -> tuple[GrantType, ...]:
    """What a service of this kind hands in, if nothing else is said."""
    usual = [GrantType.code, GrantType.refresh] if given["redirects"] else []
    if way is not ClientAuth.none and any(":" in scope or scope == "verify" for scope in given["scopes"]):
        usual.append(GrantType.client_credentials)
    return tuple(one for one in usual if one in policy.grant_types)


def _shown(one: Client) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "name_en": one.name_en,
        "agency": one.agency,
        "place": one.place,
        "auth": one.auth.value,
        "redirect_uris": list(one.redirect_uris),
        "post_logout_uris": list(one.post_logout_uris),
        "backchannel_logout_uri": one.backchannel_logout_uri,
        "events_uri": one.events_uri,
        "grant_types": [grant_type.value for grant_type in one.grant_types],
        "scopes": list(one.scopes),
        "keys": [key.get("kid", "") for key in one.keys],
        "policy": one.policy.name,
        "waiting": one.waiting,
        "agency_name": one.agency_name,
        "registered": {name: value for name, value in one.registered.said().items() if not name.endswith("_digest")},
        "id_token_algorithm": one.id_token_algorithm,
        "level": one.level,
        "purpose": one.purpose,
        "purpose_en": one.purpose_en,
        "basis": one.basis.value,
        "citation": one.citation,
        "native": one.native,
        "ended": one.ended.isoformat() if one.ended else None,
    }
