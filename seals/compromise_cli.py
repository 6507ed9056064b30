"""`yinxin seal compromise`: the one command for a lost key, and its drill."""

from datetime import UTC, datetime

import click

from hub import clock
from hub.cli import opened
from seals import compromise as lost
from seals.model import UseState


@click.command("compromise")
@click.argument("id")
@click.option(
    "--since",
    required=True,
    type=click.DateTime(["%Y-%m-%dT%H:%M:%SZ"]),
    help="since when the key was out of control (UTC)",
)
@click.option("--reason", required=True)
@click.option("--drill", is_flag=True, help="Change nothing: show what would fall, and whether all is at hand.")
def compromise(id: str, since: datetime, reason: str, *, drill: bool) -> None:
    """End a seal whose key is in other hands: nobody uses it any more, and what it sealed since then is refused everywhere.

    What was sealed before stays valid. Prints each use since then: these documents are to be made anew with another seal.
    """
    moment, now = since.replace(tzinfo=UTC), clock.now()
    with opened() as house:
        if drill:
            found = lost.rehearse(house, id, since=moment, now=now)
        else:
            found = lost.compromise(house, id, since=moment, reason=reason, by="operator", now=now)
    for use in found.fallen:
        file = use.sealed_digest.hex() if use.state is UseState.sealed and use.sealed_digest else use.state.value
        click.echo(f"{use.id}  {use.at:%Y-%m-%dT%H:%M:%SZ}  {use.purpose}  {file}")
    count, at = len(found.fallen), f"{moment:%Y-%m-%dT%H:%M:%SZ}"
    if drill:
        click.echo(f"Drill, nothing was changed: {count} uses since {at} would fall. All that it takes is at hand.")
    else:
        click.echo(
            f"{id} is cancelled and its certificate revoked, invalid from {at}: {count} uses are to be made anew."
        )
        click.echo("Licenses among them are suspended within seconds; every door refuses their files within 60 s.")
