"""`yinxin verify` and `yinxin trust fetch`: checking without server and database."""

import json
import locale
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

import click

from hub import clock, settings
from hub.fetch import Fetch
from hub.problems import Problem
from verification import judge, words
from verification.collect import collect
from verification.model import Report, Verdict
from verification.pdf import examine
from verification.trust import Trust

EXIT = {Verdict.valid: 0, Verdict.not_valid: 1, Verdict.cannot_say: 2}


@click.command("verify")
@click.argument("file", type=click.File("rb"))
@click.option("--trust", "folder", required=True, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--lang", type=click.Choice(["zh-Hans", "en"]), help="Language of the answer; else that of the system.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def verify_command(file: BinaryIO, folder: Path, lang: str | None, *, as_json: bool) -> None:
    """Check a license file with what a trust folder holds. No server, no database.

    Exit code 0: valid. 1: not valid. 2: cannot say.
    """
    now = clock.now()
    trust = Trust.load(folder, now)
    report = judge.file_report(examine(file.read(), trust.anchors, now), trust, now)
    language = lang or _language()
    body = words.body(report, language)
    click.echo(json.dumps(body, ensure_ascii=False, indent=1) if as_json else "\n".join(_lines(report, language)))
    raise SystemExit(EXIT[report.verdict])


def _lines(report: Report, language: str) -> list[str]:
    told = words.of(report, language)
    lines = [told.says, told.advice, ""]
    lines += [f"  {name}: {value}" for name, value in (*told.facts, *told.sealed)]
    lines += [f"  {line}" for line in told.evidence]
    lines.append("")
    for number, (step, result, why) in enumerate(told.checks, 1):
        about, ended = words.about(step, result, language)
        lines.append(f"{number:3} {about}: {ended}{f' ({why})' if why else ''}")
    return lines


def _language() -> str:
    return "zh-Hans" if (locale.getlocale()[0] or "").lower().startswith(("zh", "chinese")) else "en"


@click.group("trust")
def trust_group() -> None:
    """What a check without a server rests on: roots, trust list, status lists, in one folder."""


@trust_group.command("fetch")
@click.argument("url")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--root", default="", help="SHA-256 of the root certificate, as the authority has published it.")
def fetch_command(url: str, folder: Path, root: str) -> None:
    """Make FOLDER from a verification site at URL, or bring it up to date."""
    try:
        fetch = Fetch(settings.read(allowed_hosts=urlsplit(url).netloc))
        held = collect(fetch, url, folder, clock.now(), root=root)
    except Problem as problem:
        raise click.ClickException(f"{problem.title}: {problem.detail}") from problem
    if held.new:
        click.echo(f"Root trusted from now on: SHA-256 {held.root}")
        if not root:
            click.echo("Compare it with what the authority has published; if it differs, delete the folder.")
    if held.followed:
        click.echo(f"The root named its successor: SHA-256 {held.root} is trusted too from now on")
    click.echo(
        f"{folder}: trust list until {held.until:%Y-%m-%d %H:%M}Z, {held.status_lists} status lists, {held.crls} CRLs"
    )


commands: list[click.Command] = [verify_command, trust_group]
