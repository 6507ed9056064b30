"""`yinxin keys`: the keys that sign tokens, for operators at the machine."""

import shutil
from pathlib import Path

import click

from hub import clock, custody, token_keys
from hub.cli import opened, told
from hub.token_keys import TokenKey
from idp.provider import sealed_secrets
from idp.provider.tokens import sign
from idp.store.sealed import Secret

BREAKS = """The keys that sign now are withdrawn at once. What follows:
  - access and ID tokens that they signed are refused here: programs fetch new ones, people keep their sign-in;
  - services that keep our key set refuse new sign-ins until they fetch it again, for at most %(seconds)s seconds."""
ALGORITHM = click.option(
    "--algorithm", "algorithms", type=click.Choice(list(token_keys.FIRST)), multiple=True, help="Only these; else all."
)


SEALED = (
    """Every code and first refresh token is worth nothing at once: services send people through a sign-in again."""
)


@click.group()
def keys() -> None:
    """The keys that sign tokens: published, active, retired, removed."""


@keys.command("list")
def list_command() -> None:
    """List every key with its state."""
    with opened() as house, house.database.read() as db:
        for key in token_keys.read(db):
            click.echo(_line(key))
        for secret in sealed_secrets.known(house):
            click.echo(_secret(secret))


@keys.command()
@ALGORITHM
@click.option("--now", "at_once", is_flag=True, help="Emergency: withdraw the keys that sign now.")
@click.option("--yes", is_flag=True, help="With --now: do not ask.")
@click.option("--sealed", is_flag=True, help="Instead: the secret under which codes and refresh tokens are sealed.")
def rotate(algorithms: tuple[str, ...], *, at_once: bool, yes: bool, sealed: bool) -> None:
    """Publish a new key of each algorithm. It signs when everybody has had to fetch the key set again."""
    if sealed:
        if algorithms:
            raise click.UsageError("--sealed goes without --algorithm")
        _rotate_sealed(at_once=at_once, yes=yes)
        return
    chosen = algorithms or tuple(token_keys.FIRST)
    with opened() as house:
        if at_once:
            click.echo(BREAKS % {"seconds": house.settings.jwks_seconds})
            if not yes:
                click.confirm("Go on?", abort=True)
            made = token_keys.replace_now(house, "operator", clock.now(), algorithms=chosen)
        else:
            made = token_keys.rotate(house, "operator", clock.now(), life=sign.longest(house), algorithms=chosen)
        for key in made:
            click.echo(_line(key))


@keys.command("quarantined")
def quarantined_command() -> None:
    """List the keys of this machine that gave a wrong signature and sign nothing any more."""
    with opened() as house:
        found = house.keys.quarantine.names()
        for name, where in found.items():
            click.echo(f"{name}  ({where})")
    if not found:
        click.echo("No key is in quarantine")


@keys.command()
@click.argument("name")
@click.option("--because", required=True, help="What was wrong, and what was done about it; it is written down.")
def release(name: str, because: str) -> None:
    """Let a key sign again, after twenty right signatures."""
    with opened() as house:
        told(lambda: custody.release(house, name, by="operator", because=because, now=clock.now()))
    click.echo(f"{name} signs again")


@keys.command()
@click.option("--to", type=click.Path(file_okay=False, path_type=Path), required=True, help="Its data folder.")
def split(to: Path) -> None:
    """Move the keys of seals into the data folder of a sealing process: from then on that one alone signs documents."""
    with opened() as house:
        moved = told(lambda: house.keys.split(to / "keys"))
        shutil.copy(house.settings.data / "installation.json", to)
    click.echo(f"{len(moved)} keys are in {to}. Next: YINXIN_SEALER_URL here, `yinxin serve --role sealing` there")


def _rotate_sealed(*, at_once: bool, yes: bool) -> None:
    with opened() as house:
        if at_once:
            click.echo(SEALED)
            if not yes:
                click.confirm("Go on?", abort=True)
        verb = sealed_secrets.replace_now if at_once else sealed_secrets.rotate
        click.echo(_secret(verb(house, "operator", clock.now())))


def _secret(one: Secret) -> str:
    since = f"seals from {one.sealed:%Y-%m-%d %H:%M:%S}" if one.sealed else "will seal in some seconds"
    return f"sealed  {one.name}  made {one.made:%Y-%m-%d %H:%M:%S}, {since} UTC"


def _line(key: TokenKey) -> str:
    state = key.state(clock.now())
    moments = {
        "published": key.published,
        "signs from": key.signs,
        "retires" if state in {"published", "active"} else "retired": key.retires,
        "leaves the set": key.leaves,
    }
    told = [f"{word} {at:%Y-%m-%d %H:%M:%S}" for word, at in moments.items() if at is not None]
    return f"{key.algorithm}  {key.kid}  {state:<9}  {', '.join(told)} UTC"
