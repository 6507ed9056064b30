"""What anybody may do with the command alone: play the demo's story, check what the ledger and the provider gave him."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import click

from hub import clock

Jwk = Mapping[str, Any]


@click.command("tour")
@click.option("--hub", default="http://localhost:8000", help="Address of the demo's hub; the other sites follow it.")
@click.option(
    "--ca", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Certificate of a demo that speaks TLS."
)
@click.option(
    "--accounts",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("data/demo/accounts.json"),
    help="Where the demo keeps its officers.",
)
def tour_command(hub: str, ca: Path | None, accounts: Path) -> None:
    """Play the whole story against the running demo, printing each step with its time."""
    from yinxin.tour import play

    raise SystemExit(play.tour(hub, accounts=accounts, authority=ca, say=click.echo))


@click.command("check-proof")
@click.argument("file", type=click.File("rb"))
@click.option("--key", type=click.File("rb"), help="The ledger's public checkpoint key (JWK), as you hold it.")
@click.option("--trust", "folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def check_proof_command(file: BinaryIO, key: BinaryIO | None, folder: Path | None) -> None:
    """Check a proof that an event stands in the ledger. No server, no database.

    Exit code 0: proved. 1: not proved. 2: there is nothing to check it by.
    """
    from yinxin.proof import NotProved, check_proof, keys_of

    keys = _keys(key, folder, keys_of)
    try:
        proved = check_proof(file.read(), keys)
    except NotProved as error:
        click.echo(f"Not proved: {error}")
        raise SystemExit(1) from error
    event = proved.event
    click.echo(f"Proved: {event['kind']} of {event['subject']} by {event['by']} at {event['at']}")
    click.echo(f"  facts: {json.dumps(dict(event['facts']), ensure_ascii=False, sort_keys=True)}")
    click.echo(f"  leaf {proved.leaf} of {proved.size} in the tree signed at {proved.at}")


@click.command("check-receipt")
@click.argument("file", type=click.File("rb"))
@click.option("--key", type=click.File("rb"), help="A public key for receipts (JWK), or a set of them, as you hold it.")
@click.option("--trust", "folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def check_receipt_command(file: BinaryIO, key: BinaryIO | None, folder: Path | None) -> None:
    """Check a receipt of what somebody agreed to tell a service, or of a sign-out. No server, no database.

    Exit code 0: genuine. 1: not. 2: there is nothing to check it by.
    """
    from yinxin.receipt import NotAReceipt, check_receipt, keys_of

    keys = _keys(key, folder, keys_of)
    try:
        record = check_receipt(file.read(), keys)
    except NotAReceipt as error:
        click.echo(f"Not a receipt: {error}")
        raise SystemExit(1) from error
    event = record["event"][0]
    if "services" in record:
        as_of = datetime.fromtimestamp(record["iat"], UTC).isoformat()
        click.echo(f"Genuine: signed out at {event.get('event_time')}, receipt {record['record_id']}, as of {as_of}")
        for service in record["services"]:
            click.echo(f"  {service['service']}: {service['state']}{' at ' + service['at'] if 'at' in service else ''}")
        return
    click.echo(
        f"Genuine: {event.get('event_state')} at {event.get('event_time')}, to {record['aud']}, receipt {record['record_id']}"
    )
    click.echo(record.get("pii_processing", {}).get("privacy_notice", {}).get("text", "").rstrip())


def _keys(file: BinaryIO | None, folder: Path | None, of_folder: Callable[[Path, datetime], list[Jwk]]) -> list[Jwk]:
    """The keys to check by: those of a trust folder, or the one or the set of a file. Without any nothing can be said."""
    try:
        read = json.loads(file.read()) if file else {}
        keys = of_folder(folder, clock.now()) if folder else read.get("keys", [read] if read else [])
    except (ValueError, AttributeError):
        keys = []
    if not keys:
        click.echo("Cannot say: give a public key with --key, or a trust folder that is up to date with --trust")
        raise SystemExit(2)
    return keys


commands = [tour_command, check_proof_command, check_receipt_command]
