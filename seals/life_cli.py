"""`yinxin seal …`: the steps of a seal's life, each by whoever is named, as on the console's page."""

import click

from certs.schemes import SCHEMES
from hub import clock
from hub.cli import opened
from seals import lifecycle, make, store
from seals.model import MEASURES, Design, Kind

by = click.option("--by", required=True, help="who takes this step; not the same for applying, approving and making")
paper = click.option("--document", default="", help="the number or title of the document that it rests on")
words = click.option("--reason", default="", help="why, in at most 500 characters")


@click.command("apply")
@click.argument("agency_code")
@click.argument("code13")
@click.option("--measure", type=click.Choice(list(MEASURES)), default="department", show_default=True)
@click.option("--kind", type=click.Choice([each.value for each in Kind]), default="business", show_default=True)
@click.option("--line", default="", help="the line below the device")
@click.option("--second", default="", help="the name in a second script")
@click.option("--number", default="", help="the 18 characters in the middle of an invoice seal")
@click.option("--algorithm", type=click.Choice(list(SCHEMES)), default="P-256", show_default=True)
@by
@paper
@words
def apply(
    agency_code: str, code13: str, measure: str, kind: str, by: str, document: str, reason: str, **drawn: str
) -> None:
    """Apply for a seal for an agency, with the 13-digit code that it will be filed under."""
    size, algorithm = MEASURES[measure], drawn.pop("algorithm")
    with opened() as house:
        with house.database.read() as db:
            owner = store.agency(db, agency_code)
        design = Design(
            owner.name,
            code13,
            drawn["line"],
            size.diameter_mm,
            size.centre,
            size.shape,
            size.height_mm,
            drawn["second"],
            drawn["number"],
        )
        why = {"by": by, "now": clock.now(), "reason": reason, "document": document}
        made = lifecycle.apply(house, owner.code, design, kind=Kind(kind), algorithm=algorithm, **why)  # type: ignore[arg-type]
    click.echo(made.line)


@click.command("approve")
@click.argument("id")
@by
@words
@click.option("--document", required=True, help="the number or title of the decision")
def approve(id: str, by: str, reason: str, document: str) -> None:
    """Agree to an application."""
    with opened() as house:
        click.echo(lifecycle.approve(house, id, by=by, now=clock.now(), reason=reason, document=document).line)


@click.command("reject")
@click.argument("id")
@by
@paper
@click.option("--reason", required=True)
def reject(id: str, by: str, document: str, reason: str) -> None:
    """Turn an application down."""
    with opened() as house:
        click.echo(lifecycle.reject(house, id, by=by, now=clock.now(), reason=reason, document=document).line)


@click.command("make-approved")
@click.argument("id")
@by
@paper
def make_approved(id: str, by: str, document: str) -> None:
    """Make an approved seal: its key, its certificate, and the maker's signature.

    Where the maker's key is not, the order waits for `yinxin seal make-ordered` on his machine.
    """
    with opened() as house:
        click.echo(lifecycle.make(house, id, by=by, now=clock.now(), document=document).line)


@click.command("make-ordered")
def make_ordered() -> None:
    """Sign every seal that waits for the maker, on the machine where his key is."""
    with opened() as house:
        made = make.finish_orders(house, clock.now())
        with house.database.read() as db:
            left = len(store.orders(db))
    click.echo(f"{made} made, {left} waiting{' for a key that is not here' if left else ''}")


@click.command("file")
@click.argument("id")
@click.option("--number", required=True, help="under which the authority has filed it")
@by
@paper
def file(id: str, number: str, by: str, document: str) -> None:
    """Note that a seal is on file with the authority that keeps seals on record."""
    with opened() as house:
        click.echo(lifecycle.file(house, id, number=number, by=by, now=clock.now(), document=document).line)


@click.command("activate")
@click.argument("id")
@by
@paper
def activate(id: str, by: str, document: str) -> None:
    """Put a filed seal into use."""
    with opened() as house:
        click.echo(lifecycle.activate(house, id, by=by, now=clock.now(), document=document).line)


@click.command("replace")
@click.argument("id")
@click.argument("successor")
@by
@paper
def replace(id: str, successor: str, by: str, document: str) -> None:
    """Let another seal of the same agency take over."""
    with opened() as house:
        click.echo(lifecycle.replace(house, id, successor, by=by, now=clock.now(), document=document).line)


@click.command("life")
@click.argument("id")
def life(id: str) -> None:
    """Show what was done to a seal: when, by whom, why, on which document."""
    with opened() as house, house.database.read() as db:
        click.echo(store.seal(db, id).line)
        for step in store.steps(db, id):
            more = "".join(f" [{text}]" for text in (step.reason, step.document) if text)
            click.echo(f"  {step.number}  {step.at:%Y-%m-%d %H:%M:%S}Z {step.operation} by {step.by}{more}")


commands = [apply, approve, reject, make_approved, make_ordered, file, activate, replace, life]
