"""`yinxin pki`: what the operators of the trust service can see and do."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from ssl import DER_cert_to_PEM_cert
from typing import IO

import click

from certs import cli_status, inventory, lint, revoke, roll, rollover, services, status, store
from certs.model import Certificate, Reason, profile, serial_of
from hub import clock
from hub.cli import opened


@click.group()
def pki() -> None:
    """The certificates of this installation."""


@pki.command()
@click.argument("serial", required=False)
def show(serial: str | None) -> None:
    """List all certificates, or print the one with this SERIAL number as PEM."""
    with opened() as house, house.database.read() as db:
        if serial:
            click.echo(_pem(store.certificate(db, serial_of(serial)).der), nl=False)
            return
        now = clock.now()
        for one in store.certificates(db):
            click.echo(_line(one, now))
        for number in store.unsigned(db):
            click.echo(f"{number}  intended, never signed")


@pki.command("revoke")
@click.argument("serial")
@click.option("--reason", type=click.Choice([each.value for each in Reason]), required=True)
@click.option(
    "--invalid-from", type=click.DateTime(["%Y-%m-%dT%H:%M:%SZ"]), help="since when the key was out of control (UTC)"
)
def revoke_command(serial: str, reason: str, invalid_from: datetime | None) -> None:
    """End the certificate with this SERIAL number for good."""
    since = invalid_from.replace(tzinfo=UTC) if invalid_from else None
    with opened() as house:
        ended = revoke.revoke(house, serial, Reason(reason), "operator", clock.now(), since)
    click.echo(f"{ended.serial} ({ended.subject}) is revoked: {reason}. OCSP and CRL tell it from now on.")


@pki.command("lint")
def lint_command() -> None:
    """Lint every certificate, every revocation list, and an OCSP response for each certificate that has them."""
    with opened() as house:
        now = clock.now()
        with house.database.read() as db:
            every = store.certificates(db, limit=1_000_000)
        bad = 0
        for one in every:
            found = lint.certificate(one.der, legal_person=profile(one.profile).legal_person)
            bad += _report(f"certificate {one.serial}", found)
            if profile(one.profile).ocsp:
                bad += _report(f"OCSP response {one.serial}", lint.ocsp_response(status.ocsp_for(house, one, now)))
        for above, shard in status.every_list(house):
            found = lint.revocation_list(status.list_of(house, above, now, shard))
            bad += _report(f"CRL of {status.list_name(above, shard)}", found)
    click.echo(f"{len(every)} certificates, {bad} findings at WARNING or above")
    if bad:
        raise SystemExit(1)


@pki.command("keys")
def keys_command() -> None:
    """List every key: what it is for, how it stands, until when it signs, how often it was used."""
    with opened() as house:
        for one in inventory.inventory(house, clock.now()):
            click.echo(_key_line(one))


@pki.command("tls")
@click.argument("hosts", nargs=-1, required=True, metavar="HOST...")
@click.option("--csr", type=click.File("rb"), required=True, help="The request (PKCS #10, PEM) of the machine.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="Where the chain goes.")
@click.option("--client", is_flag=True, help="For a program that calls, not for a server.")
def tls_command(hosts: tuple[str, ...], csr: IO[bytes], out: Path, *, client: bool) -> None:
    """Certify the key of a machine that is called HOST, under the CA of services."""
    with opened() as house:
        chain = services.certify_host(house, csr.read(), hosts, clock.now(), by="operator", client=client)
    out.write_text("".join(_pem(one.der) for one in chain))
    click.echo(f"{out}: {chain[0].serial} for {', '.join(hosts)}, until {chain[0].not_after:%Y-%m-%d}, and its CA")


@pki.command("roll")
@click.argument("name", type=click.Choice(["issuing-ca", "service-ca", *roll.UNITS, roll.RESPONDER]))
@click.option(
    "--to", type=click.IntRange(2), help="The number that the successor must have; nothing happens if it is there."
)
def roll_command(name: str, to: int | None) -> None:
    """Give a CA or a unit its successor now: a new key, and for a CA its own addresses and OCSP signer."""
    with opened() as house:
        new = roll.roll(house, name, clock.now(), by="operator", to=to or 0)
    click.echo(f"{new.subject}: {new.serial}, key {new.key}, until {new.not_after:%Y-%m-%d}")


@pki.command("rollover")
@click.option(
    "--to", type=click.IntRange(2), help="The number that the new root must have; nothing happens if it is there."
)
def rollover_command(to: int | None) -> None:
    """Make the next root, and let the old one name it in a signed statement that every verifier follows.

    The old root stays trusted until everything under it has ended. Give its CAs successors next: `yinxin pki roll`.
    """
    with opened() as house:
        new = rollover.rollover(house, clock.now(), by="operator", to=to or 0)
    click.echo(f"{new.subject}: {new.serial}, key {new.key}, until {new.not_after:%Y-%m-%d}")
    click.echo(f"SHA-256 {hashlib.sha256(new.der).hexdigest()}: publish it where the old one was published")


pki.add_command(cli_status.status_command)
pki.add_command(cli_status.stamps_command)
commands = [pki]


def _report(what: str, found: list[lint.Finding]) -> int:
    serious = [finding for finding in found if finding.serious]
    for finding in serious:
        click.echo(f"{what}: {finding}")
    return len(serious)


def _line(one: Certificate, now: datetime) -> str:
    state = "valid" if one.valid_at(now) else "expired"
    if one.revocation:
        state = f"revoked {one.revocation.at:%Y-%m-%d} {one.revocation.reason.value}"
    return f"{one.serial}  {one.profile:<11}  until {one.not_after:%Y-%m-%d}  {one.subject}  [{state}]"


def _key_line(one: inventory.KeyFact) -> str:
    until = f"signs until {one.signs_until:%Y-%m-%d}" if one.signs_until else ""
    by = f"successor by {one.renew_by:%Y-%m-%d}" if one.renew_by else ""
    used = "" if one.uses is None else f"{one.uses} uses"
    last = f"last {one.last_used:%Y-%m-%d}" if one.last_used else ""
    head = f"{one.name:<24} {one.purpose:<12} {one.algorithm:<9} {one.custody:<5}"
    return "  ".join(filter(None, (f"{head}  [{one.state}]", until, by, used, last)))


def _pem(der: bytes) -> str:
    return DER_cert_to_PEM_cert(der)
