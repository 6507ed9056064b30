"""`yinxin ceremony`: the PKI of an installation that matters, by one plan that people reviewed."""

from collections.abc import Sequence
from pathlib import Path

import click

from certs import perform, plan, shares
from certs.model import CeremonyRefused, LegalPerson
from hub import clock
from hub.cli import opened

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def ceremony() -> None:
    """Make or renew the keys that everything rests on, by a plan that two people follow."""


@ceremony.command("plan")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="Where the plan goes.")
@click.option("--organisation", required=True, help="Statutory name of whoever runs the trust service.")
@click.option("--code", required=True, help="Its unified code, 18 characters.")
@click.option("--administrator", required=True, help="Name of the one who types.")
@click.option("--witness", required=True, help="Name of the one who watches.")
@click.option("--needed", type=click.IntRange(2, 16), default=3, show_default=True, help="Shares that open the root.")
@click.option("--of", type=click.IntRange(2, 16), default=5, show_default=True, help="Shares that are made.")
def plan_command(out: Path, organisation: str, code: str, needed: int, of: int, **people: str) -> None:
    """Write a plan for all posts of this installation, to be read, changed and reviewed."""
    with opened() as house:
        names = [people["administrator"], people["witness"]]
        text = plan.standing(house.settings, LegalPerson(code, organisation), names, needed, of).encode()
        read = plan.read(text)
    if out.exists():
        raise click.ClickException(f"{out} is there already")
    out.write_bytes(text)
    click.echo(f"{out}: {len(read.steps)} steps. Next: yinxin ceremony dry-run {out}")


@ceremony.command("dry-run")
@click.argument("file", metavar="PLAN", type=FILE)
def dry_run_command(file: Path) -> None:
    """Do everything with throw-away keys, and tell the digest on which everyone agrees."""
    with opened() as house:
        read = plan.read(file.read_bytes())
        for line in perform.dry_run(house, read, clock.now()):
            click.echo(f"would {line}")
    click.echo(f"Nothing was kept. The plan's SHA-256: {read.digest}")


@ceremony.command("run")
@click.argument("file", metavar="PLAN", type=FILE)
@click.option("--digest", required=True, help="SHA-256 of the plan that was reviewed.")
@click.option("--transcript", type=click.Path(dir_okay=False, path_type=Path), required=True, help="What happened.")
@click.option(
    "--shares",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Where new shares are written.",
)
@click.option("--share", "files", type=FILE, multiple=True, help="A holder's share; otherwise each is typed.")
def run_command(file: Path, digest: str, transcript: Path, folder: Path | None, files: tuple[Path, ...]) -> None:
    """Carry out the reviewed PLAN with two people; go on where it was cut off."""
    with opened() as house:
        read = plan.read(file.read_bytes())
        people = []
        for one in read.people:
            name = click.prompt(f"Name of the {one.role}")
            people.append((name, click.prompt(f"First {perform.DIGITS} digits of the plan's digest, typed by {name}")))
        hands = _Hands(folder, files)
        between = perform.Shares(hands.give, hands.take)
        done = perform.perform(house, read, digest, people, transcript, between, clock.now())
    click.echo(f"{transcript}: done, {len(done.entries)} lines. Its last digest, which the ledger keeps: {done.last}")
    if hands.written:
        click.echo(f"Give each holder his share from {folder}, and leave none there.")


@ceremony.command("verify")
@click.argument("file", metavar="TRANSCRIPT", type=FILE)
def verify_command(file: Path) -> None:
    """Check a transcript: its lines, its people, each certificate against the register, the ledger."""
    with opened() as house:
        found = perform.verify(house, file)
    for line in found:
        click.echo(line)
    click.echo(f"{file}: {len(found)} findings")
    if found:
        raise SystemExit(1)


commands = [ceremony]


class _Hands:
    """The people with the shares: they take new ones from a folder, and bring theirs as files or by typing."""

    def __init__(self, folder: Path | None, files: Sequence[Path]) -> None:
        self.folder, self.files, self.written = folder, list(files), False

    def give(self, lines: Sequence[str]) -> None:
        """One file for each holder. An interrupted run may have left others: those opened nothing, and go."""
        if self.folder is None:
            raise CeremonyRefused("Name a folder for the new shares: --shares")
        for number, line in enumerate(lines, 1):
            place = self.folder / f"share-{number}.txt"
            place.unlink(missing_ok=True)
            place.touch(mode=0o600)
            place.write_text(line + "\n")
        self.files = [self.folder / f"share-{number}.txt" for number in range(len(lines), 0, -1)]
        self.written = True

    def take(self, needed: int) -> list[str]:
        """As many as are needed: from files, the others typed."""
        found = [file.read_text().strip() for file in self.files[:needed]]
        while len(found) < needed:
            typed = click.prompt(f"Share {len(found) + 1} of {needed}", hide_input=True)
            if not shares.is_share(typed):
                click.echo("A character of it is wrong.", err=True)
                continue
            found.append(typed)
        return found
