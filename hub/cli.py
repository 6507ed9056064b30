"""The kernel's commands: run the installation, back it up, bring it back, check the ledger."""

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import click

from hub import backup, clock, jobs, ledger, log, outbox, rotation, serve, settings, ticks, tree
from hub.house import House, open_house
from hub.problems import Problem
from hub.process import dies_with_us
from hub.settings import BadSetting, Settings
from hub.vault import secret_name

T = TypeVar("T")


@click.command("serve")
@click.option("--workers", type=click.IntRange(1, 64), help="Web processes.")
@click.option("--threads", type=click.IntRange(1, 64), help="Threads in each.")
@click.option("--tls-certificate", type=click.Path(exists=True), help="PEM chain; with it the listeners speak TLS.")
@click.option("--tls-key", type=click.Path(exists=True), help="PKCS#8 PEM key of that certificate.")
@click.option("--tls", type=click.Choice(["self-signed"]), help="Speak TLS with a certificate made in the data folder.")
@click.option("--role", type=click.Choice(["sealing"]), help="Be the process that alone holds the keys of seals.")
@click.pass_obj
def serve_command(front: str | None, /, tls: str | None, role: str | None, **given: Any) -> None:
    """Run the installation until it is told to stop."""
    if tls:
        from hub.self_signed import self_signed  # costs 50 ms, and few need it

        made = self_signed(told(settings.read), clock.now())
        given |= {"tls_certificate": made.certificate.resolve(), "tls_key": made.key.resolve()}
        click.echo(f"TLS for {', '.join(made.names)}; compare the fingerprint: SHA-256 {made.fingerprint}")
    for option, value in given.items():
        if value is not None:
            os.environ[settings.PREFIX + option.upper()] = str(value)  # the processes that are started read it too
    read = with_passphrase()
    if read.profile == "production":
        told(lambda: passphrase(read))  # better now than as a house that never gets ready
    log.setup(json=read.log_json)
    if role:
        told(lambda: import_module(front or "app").sealing(read))
        return
    try:
        serve.serve(read, front=front or "app", told=click.echo)
    except (Problem, serve.StartFailed) as error:
        raise click.ClickException(words(error)) from error


@click.command("work", hidden=True)
def work_command() -> None:
    """Do jobs until told to stop. `serve` starts this."""
    house, stop = member()
    with jobs.working(house, threads=house.settings.threads):
        stop.wait()
    house.close()


@click.command("tick", hidden=True)
def tick_command() -> None:
    """Do periodic work until told to stop. `serve` starts this."""
    house, stop = member()
    ticks.Ticker(house, list(ticks.TASKS.values())).run(stop)
    house.close()


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup_command(file: Path) -> None:
    """Write everything into one encrypted FILE, while the installation runs."""
    read = with_passphrase()
    house = open_house(read)
    about = told(lambda: backup.backup(house, file, passphrase(read), clock.now()))
    house.close()
    click.echo(f"{file}: {sum(about.rows.values())} rows of {len(about.rows)} tables, keys and files of {about.at}")
    if about.files_elsewhere:
        click.echo(f"The licenses' files are not in it: they are in {about.files_elsewhere}")


@click.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore_command(file: Path) -> None:
    """Bring the installation in FILE back into an empty data folder and database, and check it."""
    read = with_passphrase()
    about = told(lambda: backup.restore(read, file, passphrase(read)))
    click.echo(f"Restored to {read.data} as of {about.at}; rows, files, keys and ledger are right. Next: yinxin serve")


@click.group("ledger")
def ledger_group() -> None:
    """The ledger of everything that happened."""


@ledger_group.command("verify")
def ledger_verify() -> None:
    """Recompute the whole tree and check every signed head."""
    house = open_house(told(settings.read))
    head = told(lambda: ledger.verify(house))
    house.close()
    if head is None:
        click.echo("The ledger is empty")
    else:
        click.echo(f"The ledger is whole: {head.size} events, head {head.root.hex()} signed at {head.at.isoformat()}")


@ledger_group.command("export")
@click.option("--place", default=tree.ROOT, help="The part of the tree whose events are wanted.")
def ledger_export(place: str) -> None:
    """Print every event as a line of JSON, oldest first: from it, each figure of a board can be counted again."""
    with opened() as house, house.database.snapshot() as db:
        for event in ledger.export(db, scope=place):
            click.echo(json.dumps(event, ensure_ascii=False, sort_keys=True))


@click.command("deliveries")
@click.option("--state", type=click.Choice(["waiting", "sent", "failed"]), help="Only these.")
@click.option("--to", default="", help="Only those to this very address.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="At most so many.")
def deliveries_command(state: str | None, to: str, limit: int) -> None:
    """List what is told to others (sign-outs, events, notices), newest first: sent, waiting, or failed and why."""
    with opened() as house, house.database.read() as db:
        for one in outbox.deliveries(db, to=to, state=state or "", limit=limit):
            where = one.to if "://" in one.to else "-"  # else it names a person
            click.echo(
                f"{one.at:%Y-%m-%d %H:%M:%S}  {one.kind:<16} {one.state:<8} {one.attempts:>3}  {where}  {one.result}"
            )


@click.group("vault")
def vault_group() -> None:
    """The secret that encrypts personal data: changed without stopping anything."""


@vault_group.command("prepare")
def vault_prepare() -> None:
    """Make the next secret, announced to nobody: for copying it to the key folders of other machines first."""
    with opened() as house:
        click.echo(f"Made the secret {secret_name(rotation.prepare(house))}. Next: yinxin vault rotate")


@vault_group.command("rotate")
def vault_rotate() -> None:
    """Change the secret, or finish a change that was cut off, while everything runs."""
    with opened() as house:
        done = rotation.rotate(house, "operator", clock.now(), lambda keys: click.echo(f"{keys} keys wrapped anew"))
        click.echo(f"Generation {done} wraps every key. Next: yinxin vault retire")


@vault_group.command("retire")
def vault_retire() -> None:
    """Give up every secret but the current one; they are destroyed a day later."""
    with opened() as house:
        old = ", ".join(map(str, rotation.retire(house, "operator", clock.now())))
        click.echo(f"Retired: generation {old}; destroyed in a day" if old else "There was nothing to retire")


@vault_group.command("status")
def vault_status() -> None:
    """Tell each generation and how many keys it wraps."""
    with opened() as house:
        for one in rotation.status(house):
            times = [f"{word} {at.isoformat()}" for word, at in (("made", one.made), ("retired", one.retired)) if at]
            click.echo("  ".join([str(one.id), f"{one.keys} keys", *times]))


@click.group("place")
def place_group() -> None:
    """The tree hub -> ministry / province -> city, in which everything has its place."""


@place_group.command("add")
@click.argument("path")
@click.argument("name")
@click.option("--name-en", required=True, help="its English name")
def place_add(path: str, name: str, name_en: str) -> None:
    """Add the place at PATH, such as hub/880000/880100, or change its names."""
    house = open_house(told(settings.read))

    def add() -> None:
        with house.database.write() as db:
            tree.keep(db, tree.at(path, name, name_en))

    told(add)
    house.close()
    click.echo(f"{path} {name}")


@place_group.command("list")
def place_list() -> None:
    """List the tree."""
    house = open_house(told(settings.read))
    with house.database.read() as db:
        for one in tree.places(db):
            click.echo(f"{'  ' * one.path.count('/')}{one.path.rpartition('/')[2]}  {one.name} ({one.name_en})")
    house.close()


def member() -> tuple[House, threading.Event]:
    """Open the house for a process of the supervisor's; the event is set when it should end."""
    dies_with_us()
    read = settings.read()
    log.setup(json=read.log_json)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return open_house(read), stop


def with_passphrase() -> Settings:
    """Read the settings; ask for the passphrase when it is not among them. The processes started from here get it too."""
    read = told(settings.read)
    if read.passphrase is None and sys.stdin.isatty():
        os.environ[f"{settings.PREFIX}PASSPHRASE"] = click.prompt("Passphrase of the keys", hide_input=True)
        read = told(settings.read)
    return read


@contextmanager
def opened() -> Iterator[House]:
    """The house for the length of a command; a problem in it ends the command with its words."""
    read = told(settings.read)
    if not read.data.is_dir():
        where = f"{settings.PREFIX}DATA={read.data}"
        raise click.ClickException(f"There is no installation here ({where}). Set the settings of yours: docs/run.md")
    try:
        house = open_house(read)
        yield house
        house.close()
    except Problem as problem:
        raise click.ClickException(f"{problem.title}: {problem.detail}") from problem


def passphrase(read: Settings) -> str:
    """The passphrase, which a backup needs. Raises BadSetting."""
    if read.passphrase is None:
        raise BadSetting(f"{settings.PREFIX}PASSPHRASE or {settings.PREFIX}PASSPHRASE_FILE is needed")
    return read.passphrase.get_secret_value()


def told(verb: Callable[[], T]) -> T:
    """Do it; a problem becomes a sentence and exit code 1."""
    try:
        return verb()
    except Problem as error:
        raise click.ClickException(words(error)) from error


def words(error: Exception) -> str:
    """A problem as one line for an operator."""
    if not isinstance(error, Problem):
        return str(error)
    return ": ".join(part for part in (error.title, error.detail) if part) + (
        f". {error.advice}" if error.advice else ""
    )


commands = [
    serve_command,
    work_command,
    tick_command,
    backup_command,
    restore_command,
    ledger_group,
    deliveries_command,
    vault_group,
    place_group,
]
