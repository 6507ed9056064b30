"""`yinxin seal evidence`: which documents still lack evidence that was out of reach when they were sealed."""

import click

from hub import clock
from hub.cli import opened
from seals import lift
from seals.store import editions


@click.command("evidence")
@click.option(
    "--now", "at_once", is_flag=True, help="add what can be had at once; else periodic work does, every 30 seconds"
)
def evidence(*, at_once: bool) -> None:
    """Show what documents lack of their level, and why it could not be had."""
    with opened() as house:
        now = clock.now()
        if at_once:
            click.echo(f"{lift.lift(house, now)} archive editions made")
        with house.database.read() as db:
            waiting, in_vain = editions.count_due(db, now), editions.in_vain(db)
    click.echo(f"{waiting} documents wait for evidence")
    for each in in_vain:
        due = f"{each.due:%Y-%m-%d %H:%M}Z" if each.due else "-"
        click.echo(f"  {each.sealed.hex()[:16]}  tried {each.tries} times in vain ({each.why}), next {due}")
