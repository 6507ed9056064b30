"""`yinxin person`: what authorities do to accounts where no console runs. Two people answer for each act, by account name."""

from collections.abc import Callable
from datetime import datetime

import click
from sqlalchemy import Connection

from hub import clock, ledger
from hub.cli import opened
from hub.house import House
from hub.problems import Problem
from idp import names
from idp.account import life, locks, merge, recheck
from idp.account.life import Authority
from idp.model.life import Basis, Ground, basis
from idp.model.person import Level, Person, account_name
from idp.model.realname import Form
from idp.realname import paper as papers
from idp.store import people

GROUND = click.option("--ground", type=click.Choice([one.value for one in Ground]), required=True, help="Legal basis.")
DOCUMENT = click.option(
    "--document", required=True, help="Number of the order, certificate or request; never of a person."
)
ACTS: dict[str, Callable[[Connection, str, Authority, datetime], object]] = {
    "suspend": life.suspend,
    "reinstate": life.reinstate,
    "death": life.die,
    "revive": life.revive,
    "stop": life.stop_all,
    "unlock": locks.unlock_by_office,
    "split": merge.separate,
}


@click.group()
def person() -> None:
    """Accounts of people (docs/identity/life.md). Each search and each act stands in the ledger."""


@person.command()
@GROUND
@DOCUMENT
def find(ground: str, document: str) -> None:
    """Print the internal id and the state of the account with a name and a number, which are asked for and never shown."""
    form = Form(click.prompt("Name"), click.prompt("Number", hide_input=True))
    with opened() as house:
        try:
            found = _found(house, form, basis(ground, document), clock.now())
        except Problem as problem:
            raise click.ClickException(problem.detail or problem.title) from problem
    if found is None:
        raise click.ClickException("Name and number together belong to no account")
    click.echo(f"{found.id}  {found.state.value}, level {int(found.level)}")


@person.command()
@click.argument("act", type=click.Choice(sorted(ACTS)))
@click.argument("person_id")
@GROUND
@DOCUMENT
@click.option("--first", required=True, help="Account name of the one who asks.")
@click.option("--second", required=True, help="Account name of another one, who agrees.")
@click.option("--office", required=True, help="The body that acts, as the person will read it.")
def act(act: str, person_id: str, ground: str, document: str, first: str, second: str, office: str) -> None:
    """Do ACT to the account PERSON_ID."""
    now = clock.now()
    with opened() as house:
        try:
            why = basis(ground, document)
            with house.database.write() as db:
                by = _two(house, db, first, second)
                ACTS[act](db, person_id, Authority(by, office, why), now)
        except Problem as problem:
            raise click.ClickException(problem.detail or problem.title) from problem
    click.echo("Done. The person and the services that know him are told.")


@person.command("ask-register")
@click.argument("person_id")
def ask_register(person_id: str) -> None:
    """Ask the population register whether PERSON_ID lives, and under which name; what it says is recorded."""
    with opened() as house:
        try:
            found = recheck.recheck(house, person_id, now=clock.now(), by="operator at the command line")
        except Problem as problem:
            raise click.ClickException(problem.detail or problem.title) from problem
    click.echo(found.value)


commands = [person]


def _found(house: House, form: Form, why: Basis, now: datetime) -> Person | None:
    paper = papers.read(form, now)
    key = papers.key_of(house.vault, paper.form, paper.type_code)
    with house.database.write() as db:
        found = people.by_holder(db, key)
        if found is not None and not names.same(people.profile(db, house.vault, found.id).name, paper.form.name):
            found = None
        subject = found.label if found else "person:unknown"
        facts = {"ground": why.ground.value, "document": why.document, "found": found is not None}
        ledger.wrote(db, "person.searched", subject, by="operator at the command line", at=now, facts=facts)
    return found


def _two(house: House, db: Connection, first: str, second: str) -> str:
    """The label of two people whose real names are proved. Who may type here is a matter of the machine; who answers, of this."""
    named = []
    for account in (first, second):
        found = people.by_account(db, people.account_key(house.vault, account_name(account)))
        if found is None or not found.usable or found.holder_key is None or found.level < Level.present:
            raise click.ClickException(f"{account} is not the account of somebody whose real name is proved at level 3")
        named.append(found.id)
    if named[0] == named[1]:
        raise click.ClickException("This takes two people")
    return f"person:{named[0]} with person:{named[1]} at the command line"
