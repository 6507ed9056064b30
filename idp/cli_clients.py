"""`yinxin client …`: who may register a service, new secrets, another policy."""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

import click

from hub import clock
from hub.cli import opened
from hub.problems import Problem
from hub.tree import ROOT
from idp.model.policy import POLICIES
from idp.provider import clients, registration
from idp.store.registration_tokens import Allowance

Made = TypeVar("Made")
BY = "operator"
LONGEST_HOURS = 24 * 90


@click.command()
@click.option("--agency", required=True, help="Unified code of the body whose services may be registered.")
@click.option("--agency-name", default="", help="Its name in Chinese, as people read it on the consent page.")
@click.option("--agency-name-en", default="", help="The same in English.")
@click.option("--place", default=ROOT, show_default=True, help="Its place in the tree.")
@click.option("--count", type=click.IntRange(1, 1000), default=1, show_default=True, help="So many services.")
@click.option("--hours", type=click.IntRange(1, LONGEST_HOURS), default=24, show_default=True, help="For so long.")
def token(agency: str, agency_name: str, agency_name_en: str, place: str, count: int, hours: int) -> None:
    """Make an initial access token: whoever holds it may register services of a body (RFC 7591 3)."""
    now = clock.now()
    given = Allowance(agency, agency_name, agency_name_en or agency_name, place, count, now + timedelta(hours=hours))
    with opened() as house:
        made = _done(lambda: registration.allow(house, given, by=BY, now=now))
    click.echo(f"For {count} services within {hours} hours. The token, shown only this once: {made}")


@click.command()
@click.argument("client_id")
@click.option("--hours", type=click.IntRange(0, 720), help="So long the old one still works; else as the setting says.")
def renew(client_id: str, hours: int | None) -> None:
    """Give the service CLIENT_ID a new secret. The old one works for a while more."""
    with opened() as house:
        overlap = house.settings.secret_overlap_hours if hours is None else hours
        made = _done(lambda: clients.new_secret_of(house, client_id, hours=overlap, by=BY, now=clock.now()))
    click.echo(f"Its new secret, shown only this once: {made}")
    click.echo(f"The old one works for {overlap} hours more." if overlap else "The old one is refused from now on.")


@click.command()
@click.argument("client_id")
@click.argument("name", type=click.Choice(sorted(POLICIES)))
def policy(client_id: str, name: str) -> None:
    """Move the service CLIENT_ID to the policy NAME (docs/identity/policies.md). `legacy` is reached by this way alone."""
    with opened() as house:
        _done(lambda: clients.move(house, client_id, POLICIES[name], by=BY, now=clock.now()))
    click.echo(f"{client_id} lives under the policy {name}.")


commands = (token, renew, policy)


def _done(verb: Callable[[], Made]) -> Made:
    try:
        return verb()
    except Problem as problem:
        raise click.ClickException(problem.detail or problem.title) from problem
