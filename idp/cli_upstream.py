"""`yinxin upstream`: the providers whose word we take, for operators at the machine."""

import json
import secrets
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from hub import clock
from hub.cli import opened
from hub.house import House
from hub.problems import Problem
from idp.model.upstream import AnswerNotTrusted, Upstream
from idp.store import upstreams as store
from idp.upstream import begin, configured, ending, jose, metadata
from idp.upstream import draft as drafts

BY = "operator"


@click.group()
def upstream() -> None:
    """Identity providers of provinces, and others, by whose accounts people may sign in here."""


@upstream.command()
@click.argument("issuer")
def draft(issuer: str) -> None:
    """Print a TOML file for the provider at ISSUER, made from what it publishes (docs/identity/provinces.md)."""
    with opened() as house:
        try:
            click.echo(drafts.draft(_published(house, issuer)), nl=False)
        except Problem as problem:
            raise _said(problem) from problem


@upstream.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--unseen", is_flag=True, help="Do not ask the provider whether it answers.")
def add(file: Path, *, unseen: bool) -> None:
    """Set up the providers of a TOML FILE, or change them (docs/identity/provinces.md)."""
    with opened() as house:
        try:
            for one in configured.load(house, file, by=BY, now=clock.now()):
                for line in _added(house, one):
                    click.echo(line)
                if not unseen:
                    click.echo(_answers(house, one))
        except Problem as problem:
            raise _said(problem) from problem


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


def _published(house: House, issuer: str) -> dict[str, Any]:
    """What a provider publishes, its name typed with or without the last slash. Raises UpstreamDown, AnswerNotTrusted."""
    bare = issuer.removesuffix("/").removesuffix("/.well-known/openid-configuration")
    id = f"draft-{secrets.token_hex(4)}"  # nobody's failure before counts
    one = Upstream(id=id, issuer=bare, name="", name_en="", region="", region_en="", client_id="")
    try:
        return metadata.published(house, one)
    except AnswerNotTrusted:
        return metadata.published(house, replace(one, issuer=f"{bare}/"))


def _added(house: House, one: Upstream) -> tuple[str, ...]:
    ours = f"{house.settings.issuer_url}/upstream"
    return (
        f"{one.id}: {one.name_en}, believed up to level {one.cap}",
        f"  register there: redirect_uri {begin.callback(house, one)}",
        f"                  jwks_uri {ours}/jwks",
        f"                  post_logout_redirect_uri {ending.back(house)}",
        f"                  backchannel_logout_uri {ours}/{one.id}/backchannel-logout",
        f"                  or, where it calls nobody, frontchannel_logout_uri {ours}/{one.id}/frontchannel-logout",
        "                  with frontchannel_logout_session_required true",
    )


def _answers(house: House, one: Upstream) -> str:
    """What is used of it. Raises UpstreamDown, AnswerNotTrusted."""
    about = metadata.read(house, one)
    used = ["pushed requests" if about.par else "", "bound tokens" if about.dpop else ""]
    used += ["" if about.end_session else "no signing out there by us", f"ID tokens by {', '.join(about.algorithms)}"]
    return f"  it answers: {', '.join(filter(None, used))}; {len(metadata.keys(house, one, '', clock.now()))} keys"


def _said(problem: Problem) -> click.ClickException:
    return click.ClickException(f"{problem.title}: {problem.detail}. {problem.__cause__ or problem.advice}")
