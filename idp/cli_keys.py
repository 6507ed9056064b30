"""`yinxin keys`: the keys that sign tokens, for operators at the machine."""

import click

from hub import clock, token_keys
from hub.cli import opened
from hub.token_keys import TokenKey
from idp.provider.tokens import sign

BREAKS = """The keys that sign now are withdrawn at once. What follows:
  - access and ID tokens that they signed are refused here: programs fetch new ones, people keep their sign-in;
  - services that keep our key set refuse new sign-ins until they fetch it again, for at most %(seconds)s seconds."""
ALGORITHM = click.option(
    "--algorithm", "algorithms", type=click.Choice(list(token_keys.FIRST)), multiple=True, help="Only these; else all."
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


@keys.command()
@ALGORITHM
@click.option("--now", "at_once", is_flag=True, help="Emergency: withdraw the keys that sign now.")
@click.option("--yes", is_flag=True, help="With --now: do not ask.")
def rotate(algorithms: tuple[str, ...], *, at_once: bool, yes: bool) -> None:
    """Publish a new key of each algorithm. It signs when everybody has had to fetch the key set again."""
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
