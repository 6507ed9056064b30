"""`yinxin evidence`: is what proves people's names still what it was?"""

import click

from hub.cli import opened
from idp import proofs


@click.group()
def evidence() -> None:
    """The evidence of who people are."""


@evidence.command()
def check() -> None:
    """Compare every row of evidence with the ledger. Ends with status 1 if one was changed, added or taken away.

    Rows from before the ledger held their digests are compared with what it told of them then, and counted.
    """
    with opened() as house:
        found = proofs.compared(house)
    faults = [one for one in found if one.what != proofs.EARLIER]
    if len(found) > len(faults):
        click.echo(f"{len(found) - len(faults)} rows are from before the ledger held digests of evidence.")
    for fault in faults:
        click.echo(f"{fault.what:<8} person:{fault.person} transaction {fault.transaction} of {fault.register}")
    if faults:
        raise click.ClickException(f"{len(faults)} rows do not agree with the ledger")
    click.echo("Every row of evidence agrees with the ledger.")
