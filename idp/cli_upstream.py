"""`yinxin upstream`: the providers whose word we take, for operators at the machine."""

import json
from pathlib import Path

import click

from hub import clock
from hub.cli import opened
from hub.problems import Problem
from idp.store import upstreams as store
from idp.upstream import begin, configured, ending, jose, metadata

BY = "operator"


@click.group()
def upstream() -> None:
    """Identity providers of provinces, and others, by whose accounts people may sign in here."""


@upstream.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--unseen", is_flag=True, help="Do not ask the provider whether it answers.")
def add(file: Path, *, unseen: bool) -> None:
    """Set up the providers of a TOML FILE, or change them (docs/identity/provinces.md)."""
    with opened() as house:
        try:
            for one in configured.load(house, file, by=BY, now=clock.now()):
                click.echo(f"{one.id}: {one.name_en}, believed up to level {one.cap}")
                click.echo(f"  register there: redirect_uri {begin.callback(house, one)}")
                click.echo(f"                  jwks_uri {house.settings.issuer_url}/upstream/jwks")
                click.echo(f"                  post_logout_redirect_uri {ending.back(house)}")
                there = f"{house.settings.issuer_url}/upstream/{one.id}/backchannel-logout"
                click.echo(f"                  backchannel_logout_uri {there}")
                framed = f"{house.settings.issuer_url}/upstream/{one.id}/frontchannel-logout"
                click.echo(
                    f"                  or, where it calls nobody, frontchannel_logout_uri {framed}, naming iss and sid"
                )
                if not unseen:
                    about = metadata.read(house, one)
                    click.echo(
                        f"  it answers: {'PAR' if about.par else 'no PAR'}, {'DPoP' if about.dpop else 'no DPoP'}"
                    )
        except Problem as problem:
            said = f"{problem.title}: {problem.detail}. {problem.__cause__ or problem.advice}"
            raise click.ClickException(said) from problem


@upstream.command("list")
def list_command() -> None:
    """Show all providers as JSON, those out of use too."""
    with opened() as house, house.database.read() as db:
        found = store.upstreams(db, ended=True)
    shown = [
        {"id": one.id, "issuer": one.issuer, "name": one.name, "region": one.region, "client_id": one.client_id}
        | {"proof": one.proof.value, "cap": one.cap, "yinxin": one.yinxin, "acr": one.acr}
        | {"ended": one.ended.isoformat() if one.ended else None}
        for one in found
    ]
    click.echo(json.dumps(shown, ensure_ascii=False, indent=1))


@upstream.command()
@click.argument("upstream_id")
def end(upstream_id: str) -> None:
    """Take a provider out of use: the logins that it vouched for end."""
    with opened() as house:
        try:
            configured.end(house, upstream_id, by=BY, now=clock.now())
        except Problem as problem:
            raise click.ClickException(f"{problem.title}: {problem.detail}") from problem
    click.echo(f"{upstream_id} is out of use")


@upstream.command()
def keys() -> None:
    """Print our public key as a JWK Set, for providers that take no address."""
    with opened() as house:
        click.echo(jose.published(house).decode())
