"""`yinxin pki status` and `stamps`: how the trust service is, and which time-stamps it gave."""

import json
from datetime import UTC, datetime, timedelta

import click

from certs import alarms, answers, der, status, store
from certs.store import Stamp
from hub import clock, timesource
from hub.cli import opened
from hub.house import House

WORDS = {
    alarms.STALE: "this list of revoked certificates is not renewed in time",
    alarms.ENDS: "this certificate ends soon, or was revoked, and has no successor",
    alarms.UNSIGNED: "this certificate was prepared and never signed",
    alarms.CLOCK: "the clock is not known to be right: no time-stamps are given",
    alarms.UNCHECKED: "YINXIN_TIME_SOURCES is not set: the clock of time-stamps is not checked",
    alarms.QUARANTINED: "this key gave a wrong signature and is not used any more",
}


@click.command("status")
def status_command() -> None:
    """Show each list with its age, who answers, the clock, and what is wrong; end with 1 if something hurts."""
    with opened() as house:
        now = clock.now()
        for line in (*_lists(house, now), *_answering(house, now), _clock(house, now)):
            click.echo(line)
        found = alarms.troubles(house, now)
    for trouble in found:
        click.echo(f"{'BAD ' if trouble.bad else 'soon'}  {trouble.about}: {WORDS[trouble.what]}")
    if any(trouble.bad for trouble in found):
        raise SystemExit(1)


def _lists(house: House, now: datetime) -> list[str]:
    with house.database.read() as db:
        lives = store.list_lives(db)
    return [
        f"list  {name:<16} signed {since:%Y-%m-%d %H:%M}  until {until:%Y-%m-%d %H:%M} UTC"
        for name, (since, until) in sorted(lives.items())
        if name in {status.list_name(above, shard) for above, shard in status.every_list(house)}
    ]


def _answering(house: House, now: datetime) -> list[str]:
    return [
        f"OCSP  {status.list_name(post.above):<16} "
        + (f"answers by {post.signer.serial}" if post.signer else "nobody is in office")
        for post in answers.posts(house, now)
    ]


def _clock(house: House, now: datetime) -> str:
    if not house.settings.time_sources:
        return "clock not checked"
    found = timesource.measure(house)
    if found is None:
        return "clock no time source answers, or they disagree"
    return f"clock {abs(found.offset):.3f} s {'behind' if found.offset > 0 else 'ahead'}"


@click.command("stamps")
@click.option(
    "--since", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"]), help="From this moment on (UTC); else of a day."
)
@click.option("--serial", help="The one token with this serial number, as tools print it (hexadecimal).")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line, for an archive.")
def stamps_command(since: datetime | None, serial: str | None, *, as_json: bool) -> None:
    """List time-stamps in the order of the log: number of the token, moment, hash, unit. A token without a line is not ours."""
    with opened() as house:
        if serial:
            with house.database.read() as db:
                found = store.stamp(db, _number(serial))
            if found is None:
                raise click.ClickException("We never gave out a time-stamp with this number.")
            click.echo(_line(found, as_json=as_json))
            return
        begin, after = (since or clock.now() - timedelta(days=1)).replace(tzinfo=UTC), 0
        while True:
            with house.database.read() as db:
                lines = store.stamps(db, since=begin, after=after, limit=1000)
            for each in lines:
                click.echo(_line(each, as_json=as_json))
            if not lines:
                return
            after = lines[-1].number


def _number(serial: str) -> int:
    try:
        return int(serial.replace(":", "").removeprefix("0x"), 16)
    except ValueError as error:
        raise click.BadParameter("give hexadecimal digits, such as 0x01A4…") from error


def _line(stamp: Stamp, *, as_json: bool) -> str:
    fields = der.Reader(stamp.imprint).into(der.SEQUENCE)
    fields.into(der.SEQUENCE)  # which hash it is, its length tells
    digest = fields.take(der.OCTET_STRING).hex()
    if as_json:
        told = {"number": stamp.number, "serial": f"{stamp.serial:x}", "at": stamp.at.isoformat(), "unit": stamp.unit}
        return json.dumps(told | {"imprint": stamp.imprint.hex(), "hash": digest})
    return f"{stamp.serial:x}  {stamp.at:%Y-%m-%dT%H:%M:%SZ}  {digest}  {stamp.unit}"
