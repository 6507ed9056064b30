"""`yinxin seal grant | take-back | who | may`: leave to use seals, and the two questions about it."""

from datetime import UTC, datetime
from typing import Any

import click

from hub import clock
from hub.cli import opened
from seals import grants, store, who
from seals.model import Asker, SealGrant

BY = "operator"


@click.command("grant")
@click.argument("id")
@click.argument("grantee", default="")
@click.option("--purpose", "purposes", multiple=True, required=True, help=f"may be repeated; {SealGrant.ANY} means all")
@click.option("--kind", "kinds", multiple=True, help="kind of document; may be repeated; none means all")
@click.option("--officer", default="", help="the internal number of an officer, alone or of that body")
@click.option("--region", default="", help="only from this place of the tree and below it")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="its last day is the one before (UTC)")
@click.option("--per-hour", type=int)
@click.option("--per-day", type=int)
@click.option("--may-delegate", is_flag=True, help="who has it may hand it on, never for more")
def give(id: str, grantee: str, until: datetime | None, kinds: tuple[str, ...], **given: Any) -> None:
    """Let a client (by its id), an agency (by its code) or an officer use a seal."""
    end = until.replace(tzinfo=UTC) if until else None
    with opened() as house:
        more = given | {"until": end, "kinds": kinds or (SealGrant.ANY,)}
        made = grants.grant(house, id, grantee, by=BY, now=clock.now(), **more)
    click.echo(f"grant {made.id}: {named(made)} may use the seal {made.seal} for {', '.join(made.purposes)}")


@click.command("take-back")
@click.argument("grant_id")
def take_back(grant_id: str) -> None:
    """End a grant at once, and all that was handed on from it."""
    with opened() as house:
        ended = grants.take_back(house, grant_id, by=BY, now=clock.now())
    click.echo(f"grant {ended.id} has ended")


@click.command("who")
@click.argument("id")
@click.option("--purpose", required=True)
@click.option("--kind", default="")
def could(id: str, purpose: str, kind: str) -> None:
    """Who could seal such a document with this seal now?"""
    with opened() as house, house.database.read() as db:
        found = who.could_sign(db, id, purpose, kind, clock.now())
    for leave in found:
        click.echo(f"{named(leave.grant)}  grant {leave.grant.id}{_left(leave)}")
    if not found:
        click.echo("nobody")


@click.command("may")
@click.option("--client", default="", help="a program's id")
@click.option("--agency", default="", help="a body's code")
@click.option("--officer", default="", help="an officer's internal number")
@click.option("--place", default="hub", help="from where in the tree")
def may(client: str, agency: str, officer: str, place: str) -> None:
    """What can this program, body or officer seal now?"""
    with opened() as house, house.database.read() as db:
        found = who.can_seal(db, Asker(client, agency, officer, place), clock.now())
    for leave in found:
        what = f"{', '.join(leave.grant.purposes)} of kinds {', '.join(leave.grant.kinds)}"
        click.echo(f"{leave.seal.id}  {leave.seal.design.name} {leave.seal.design.line}: {what}{_left(leave)}")
    if not found:
        click.echo("nothing")


def named(grant: SealGrant) -> str:
    """Whom a grant names."""
    return " ".join(part for part in (grant.grantee, f"officer {grant.officer}" if grant.officer else "") if part)


def show_grants(db: Any, id: str) -> None:
    """The grants of a seal, for the page of it."""
    for one in store.grants(db, id):
        click.echo(f"  grant {one.id}: {named(one)} for {', '.join(one.purposes)}{_ended(one)}")


commands = [give, take_back, could, may]


def _left(leave: who.Leave) -> str:
    spans = ", ".join(f"{number} left {'this hour' if span.days == 0 else 'today'}" for span, number in leave.left)
    return f" [{spans}]" if spans else ""


def _ended(grant: SealGrant) -> str:
    if grant.revoked_at:
        return f" [taken back {grant.revoked_at:%Y-%m-%d}]"
    return f" [until {grant.until:%Y-%m-%d}]" if grant.until else ""
