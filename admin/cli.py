"""The console's commands."""

import click

from admin import operators
from admin.model.operator import Right, rights_of
from hub import clock, settings
from hub.house import open_house
from hub.problems import Problem


@click.group()
def operator() -> None:
    """Operators of the console."""


@operator.command()
@click.argument("label")
@click.option("--place", default="hub", help="The place in the tree that the operator looks after.")
@click.option("--rights", default=",".join(Right), help="Rights, with commas between.")
def invite(label: str, place: str, rights: str) -> None:
    """Print a one-time link for a new operator; LABEL says who it is for."""
    house = open_house(settings.read())
    try:
        link = operators.invite(house, label, place, rights_of(rights), by=None, now=clock.now())
    except Problem as problem:
        raise click.ClickException(f"{problem.title}: {problem.detail}") from problem
    click.echo(link)


commands = [operator]
