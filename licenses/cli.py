"""`yinxin issue`, `resume`, `license`, `fsck`: what an operator does with licenses at the command line."""

import csv
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from hub import clock, ledger, log
from hub.callers import Caller
from hub.cli import told, with_passphrase, words
from hub.house import House, open_house
from hub.problems import Problem
from licenses import batch, change, compromised, kinds, store
from licenses import fsck as books
from licenses import issue as issuing
from licenses.batch import Order, Outcome, Row
from licenses.model import License

CLIENT = "command-line"
RESULT = "result.csv"
COLUMNS = ("row", "state", "number", "sha256", "why")


@click.command("issue")
@click.option("--agency", required=True, help="Unified code of the agency that issues.")
@click.option("--kind", required=True, help="Kind of license, such as business-license.")
@click.option(
    "--file",
    "data",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="JSON (an object or a list) or CSV (the first row names the fields).",
)
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Put the sealed PDFs and result.csv here."
)
@click.option("--batch", "name", help="Name of this batch; a row is issued once in it. [default: the file's name]")
@click.option("--dry-run", is_flag=True, help="Check every row down to its page, issue nothing.")
def issue_command(agency: str, kind: str, data: Path, out: Path | None, name: str | None, *, dry_run: bool) -> None:
    """Issue a license for each row of a file. Running the same file again issues nothing twice.

    Ends with 1 if a row was refused or must be tried again; RESULT.csv says why.
    """
    rows = told(lambda: batch.read(data.name, data.read_bytes()))
    with opened() as house:
        asked = {"kind": kind, "agency": agency, "name": name or data.name, "client": CLIENT}
        order = batch.order(house, **asked, now=clock.now())
        if out:
            out.mkdir(parents=True, exist_ok=True)
        result = out / RESULT if out else data.with_name(f"{data.name}.{RESULT}")
        do = batch.check_row if dry_run else batch.issue_row
        outcomes = _each(house, order, rows, do, out, result)
    said = ", ".join(
        f"{count} {state.value}" for state, count in sorted(Counter(one.state for one in outcomes).items())
    )
    click.echo(f"{len(outcomes)} rows: {said}. {result}")
    if not all(one.done for one in outcomes):
        raise SystemExit(1)


@click.command("resume")
def resume_command() -> None:
    """Finish what crashed workers left: each number ends as a license or as a logged void."""
    with opened() as house:
        now, ended = clock.now(), 0
        while some := issuing.resume(house, now):
            for number in some:
                with house.database.read() as db:
                    click.echo(f"{number}  {store.state(db, number)}")
            ended += len(some)
        with house.database.read() as db:
            waiting = len(store.pending(db, now + issuing.GIVE_UP, limit=100_000))
    click.echo(f"{ended} finished, {waiting} being worked on or waiting for what they need")


@click.group("license")
def license_group() -> None:
    """One license: what it is, and what is done to it."""


@license_group.command("show")
@click.argument("number")
def show(number: str) -> None:
    """Show a license and its history, without what is written on it."""
    with opened() as house, house.database.read() as db:
        license = store.license(db, number)
        for line in _facts(license):
            click.echo(line)
        for one in store.history(db, number):
            click.echo(f"{one.at:%Y-%m-%d %H:%M:%S}Z  {one.operation.value} by {one.by}: {one.reason}")
            click.echo(f"{'':22}{one.legal_basis}, {one.decision}")
        for event in ledger.events(db, subject=number, limit=20)[::-1]:
            leaf = "no leaf yet" if event.leaf is None else f"leaf {event.leaf}"
            click.echo(f"{event.at:%Y-%m-%d %H:%M:%S}Z  {event.kind} by {event.by} [{leaf}]")


def _changing(verb: Callable[..., License], name: str, help: str) -> None:
    @license_group.command(name, help=help)
    @click.argument("number")
    @click.option("--reason", required=True, help="Why, in words that the holder will read.")
    @click.option("--legal-basis", required=True, help="The article it rests on.")
    @click.option("--decision", required=True, help="Number of the decision.")
    def command(number: str, **why: Any) -> None:
        with opened() as house:
            with house.database.read() as db:
                before = store.license(db, number)
            caller = Caller(client=CLIENT, agency=before.agency, place=before.place)
            license = verb(house, number, **why, caller=caller, now=clock.now())
        click.echo(f"{license.number} is {license.status.value}. Every door that is online says so from now on.")


_changing(change.suspend, "suspend", "Take a license out of force for a time.")
_changing(change.reinstate, "reinstate", "Give a suspended license back.")
_changing(change.revoke, "revoke", "End a license for good.")


@license_group.command("fallen")
@click.argument("seal")
@click.option(
    "--since",
    required=True,
    type=click.DateTime(["%Y-%m-%dT%H:%M:%SZ"]),
    help="since when its key was out of control (UTC)",
)
def fallen_command(seal: str, since: datetime) -> None:
    """List the licenses that a SEAL has sealed since a moment: what is to be made anew when its key was lost."""
    with opened() as house:
        for one in compromised.fallen(house, seal, since.replace(tzinfo=UTC)):
            click.echo(f"{one.number}  {one.kind}  {one.agency}  {one.status.value}")


@click.command("fsck")
@click.option("--quick", is_flag=True, help="Look whether each file is there, without reading it.")
def fsck_command(*, quick: bool) -> None:
    """Compare numbers, rows, files, seal uses and the ledger; name each fault. Ends with 1 if there is one."""
    with opened() as house:
        held, faults = books.fsck(house, clock.now(), read_files=not quick)
    for fault in faults:
        click.echo(str(fault))
    click.echo(f"{held}: {f'{len(faults)} faults' if faults else 'they agree'}")
    if faults:
        raise SystemExit(1)


commands = [issue_command, resume_command, license_group, fsck_command]


def _each(
    house: House, order: Order, rows: list[Row], do: Callable[..., Outcome], out: Path | None, result: Path
) -> list[Outcome]:
    """Work through the rows; each is told and written down before the next begins."""
    outcomes = []
    with result.open("w", encoding="utf-8-sig", newline="") as file:  # the mark makes spreadsheets read it as UTF-8
        table = csv.writer(file)
        table.writerow(COLUMNS)
        for row in rows:
            outcome = do(house, order, row, clock.now())
            license = outcome.license
            if license and out:
                _fetch(house, license, out)
            number, sealed = (license.number, license.sealed) if license else ("", "")
            table.writerow((outcome.row, outcome.state.value, number, sealed, outcome.why))
            file.flush()
            click.echo(f"{outcome.row:>6}  {outcome.state.value:<8}{number or outcome.why}")
            outcomes.append(outcome)
    return outcomes


def _fetch(house: House, license: License, out: Path) -> None:
    path = out / f"{license.number}.pdf"
    if path.exists():
        return
    with house.database.write() as db:
        by, now = Caller(client=CLIENT).label, clock.now()
        ledger.wrote(
            db, "license.file-fetched", license.number, by=by, at=now, place=license.place, facts={"cause": "issue"}
        )
    path.write_bytes(house.blobs.get(license.sealed))


def _facts(license: License) -> Iterator[str]:
    kind = kinds.named(license.kind)
    yield f"{license.number}  [{license.status.value}]"
    yield f"{kind.name} {kind.name_en}, issued {license.issued:%Y-%m-%d %H:%M:%S}Z by {license.agency} at {license.place}"
    yield f"valid {license.valid_from} to {license.valid_until or 'no end'}"
    yield f"file {license.sealed}, level {license.level}, record {license.record}"
    yield f"status list {license.status_list}, place {license.status_index}; seal use {license.use}"


@contextmanager
def opened() -> Iterator[House]:
    """The installation; a problem becomes a sentence and exit code 1."""
    try:
        read = with_passphrase()
        log.setup(json=read.log_json)  # to stderr: results stand alone on stdout
        house = open_house(read)
        yield house
        house.close()
    except Problem as problem:
        raise click.ClickException(words(problem)) from problem
