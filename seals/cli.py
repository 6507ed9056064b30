"""`yinxin agency` and `yinxin seal`: what operators do with agencies and their seals."""

from datetime import UTC, datetime
from pathlib import Path

import click

from certs.model import Reason
from certs.schemes import SCHEMES
from hub import clock, tree
from hub.cli import opened
from seals import leave_cli, life_cli, lifecycle, store
from seals.compromise_cli import compromise
from seals.lift_cli import evidence
from seals.model import DEFAULT_LINE, DEFAULT_MM, Agency, Centre, Design, Kind

BY = "operator"


@click.group()
def agency() -> None:
    """The bodies that own seals."""


@agency.command("add")
@click.argument("code")
@click.argument("name")
@click.option("--name-en", required=True, help="its English name")
@click.option("--place", required=True, help="where it stands in the tree, such as hub/880000/880100")
def add_agency(code: str, name: str, name_en: str, place: str) -> None:
    """Add the agency with this unified CODE and NAME, or change its names or place."""
    with opened() as house, house.database.write() as db:
        tree.get(db, place)
        store.keep_agency(db, Agency(code, name, name_en, place))
    click.echo(f"{code} {name}: {place}")


@agency.command("list")
@click.option("--place", default=tree.ROOT, help="only agencies of this place and below it")
def list_agencies(place: str) -> None:
    """List the agencies."""
    with opened() as house, house.database.read() as db:
        for one in store.agencies(db, place):
            click.echo(f"{one.code}  {one.place}  {one.name} ({one.name_en})")


@click.group()
def seal() -> None:
    """The e-seals of this installation."""


@seal.command("make")
@click.argument("agency_code")
@click.argument("code13")
@click.option("--line", default=DEFAULT_LINE, show_default=True, help="the line below the star")
@click.option("--diameter", default=DEFAULT_MM, show_default=True, help="in millimetres")
@click.option("--centre", type=click.Choice(["star", "neutral"]), default="star", show_default=True)
@click.option("--kind", type=click.Choice([each.value for each in Kind]), default="business", show_default=True)
@click.option("--algorithm", type=click.Choice(list(SCHEMES)), default="P-256", show_default=True, help="of its key")
def make(agency_code: str, code13: str, line: str, diameter: int, centre: str, kind: str, algorithm: str) -> None:
    """Make a seal for an agency, from application to use in one go, with the 13-digit code that it is filed under."""
    with opened() as house:
        with house.database.read() as db:
            owner = store.agency(db, agency_code)
        design = Design(owner.name, code13, line, diameter, Centre(centre))
        made = lifecycle.make_seal(
            house, owner, by=BY, now=clock.now(), design=design, kind=Kind(kind), algorithm=algorithm
        )
    click.echo(made.line)


@seal.command("list")
@click.option("--place", default=tree.ROOT, help="only seals of this place and below it")
def list_seals(place: str) -> None:
    """List the seals."""
    with opened() as house, house.database.read() as db:
        for one in store.seals(db, place):
            click.echo(one.line)


@seal.command("show")
@click.argument("id")
@click.option("--svg", type=click.Path(dir_okay=False, path_type=Path), help="write its picture to this file")
def show(id: str, svg: Path | None) -> None:
    """Show a seal, who may use it, and its latest uses."""
    with opened() as house, house.database.read() as db:
        click.echo(store.seal(db, id).line)
        leave_cli.show_grants(db, id)
        for use in store.uses(db, id, limit=10):
            click.echo(f"  use {use.id}: {use.at:%Y-%m-%d %H:%M:%S}Z {use.purpose} by {use.by} [{use.state.value}]")
        if svg:
            svg.write_text(store.artwork(db, id).svg, encoding="utf-8")


@seal.command("suspend")
@click.argument("id")
@click.option("--reason", required=True)
def suspend(id: str, reason: str) -> None:
    """Stop every use of a seal for the time being."""
    with opened() as house:
        click.echo(lifecycle.suspend(house, id, reason=reason, by=BY, now=clock.now()).line)


@seal.command("resume")
@click.argument("id")
@click.option("--reason", required=True)
def resume(id: str, reason: str) -> None:
    """Let a suspended seal be used again."""
    with opened() as house:
        click.echo(lifecycle.resume(house, id, reason=reason, by=BY, now=clock.now()).line)


@seal.command("cancel")
@click.argument("id")
@click.option("--cause", type=click.Choice([each.value for each in Reason]), required=True)
@click.option("--reason", required=True)
@click.option(
    "--invalid-from", type=click.DateTime(["%Y-%m-%dT%H:%M:%SZ"]), help="since when the key was out of control (UTC)"
)
def cancel(id: str, cause: str, reason: str, invalid_from: datetime | None) -> None:
    """End a seal for ever and revoke its certificate."""
    since = invalid_from.replace(tzinfo=UTC) if invalid_from else None
    with opened() as house:
        ended = lifecycle.cancel(
            house, id, cause=Reason(cause), reason=reason, by=BY, now=clock.now(), invalid_from=since
        )
    click.echo(ended.line)


for command in (compromise, evidence, *life_cli.commands, *leave_cli.commands):
    seal.add_command(command)
commands = [agency, seal]
