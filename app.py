"""The front door: the application, its WSGI entry and the `yinxin` command. Imports every room, imported by none."""

import importlib
import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, BinaryIO

import click
from flask import Flask
from sqlalchemy import Connection

from hub import api, clock, ledger, settings, token_keys, tree, web
from hub.house import House, open_house
from hub.problems import Problem
from hub.settings import BadSetting, Settings

if TYPE_CHECKING:
    from alembic.config import Config

ROOMS = ("hub", "certs", "seals", "idp", "licenses", "admin", "verification")
HUB_ROOMS = ("hub", "certs", "seals", "idp", "licenses", "admin")  # verification has its own origin
FACES = {  # the modules of each room that give a `blueprint()`
    "hub": ("hub.pages",),
    "certs": ("certs.web",),
    "seals": (),
    "idp": ("idp.endpoints", "idp.web"),
    "licenses": ("licenses.api", "licenses.web"),
    "admin": (
        "admin.web.console",
        "admin.web.approvals",
        "admin.web.portal",
        "admin.web.my",
        "admin.web.services",
        "admin.web.clients",
        "admin.web.people",
        "admin.web.cases",
        "admin.web.drafts",
        "admin.web.casework",
        "admin.web.counter",
        "admin.web.sharing",
        "admin.api.sharing",
        "admin.web.supervision",
        "admin.web.assessment",
        "admin.web.desk",
        "admin.web.experience",
    ),
    "verification": ("verification.web", "verification.api"),
}
QUICK = ("/oidc/authorize", "/oidc/token", "/oidc/introspect", "/oidc/userinfo", "/oidc/jwks", "/.well-known/")
FROZEN = ("issuer_url", "verify_url", "pki_url")  # printed in codes and certificates: they may never change


def create_app(read: Settings, rooms: Sequence[str] = HUB_ROOMS, house: House | None = None) -> Flask:
    """An application that serves `rooms` of an initialised installation. Raises BadSetting."""
    _check_addresses(read)
    opened = house or open_house(read)
    if "hub" in rooms:
        complete_keys(opened)  # an older installation has not all of them yet
    if "idp" in rooms:
        importlib.import_module("idp.provider.clients").ensure_from_file(opened, clock.now())
    app = Flask("yinxin", static_folder=str(_here() / "hub/static"), template_folder=str(_here() / "hub/templates"))
    web.frame(app, opened)
    app.register_blueprint(api.blueprint())  # every role can be asked how it is
    for room in rooms:
        for name in FACES[room]:
            app.register_blueprint(importlib.import_module(name).blueprint())
    serve_here(opened, app, rooms)
    return app


def serve_here(opened: House, app: Flask, rooms: Sequence[str]) -> None:
    """Have calls to our own services answered by this application; by HTTP only when they are deployed apart."""
    read = opened.settings
    home = {"idp": read.issuer_url, "certs": read.pki_url, "hub": read.home_url, "verification": read.verify_url}
    for room, url in home.items():
        if room in rooms:
            opened.fetch.serve_here(url, web.isolated(app.wsgi_app))


def wsgi() -> Flask:
    """What a web server calls: settings from the environment, rooms from YINXIN_ROOMS (names with commas between)."""
    rooms = os.environ.get("YINXIN_ROOMS")
    return create_app(settings.read(), tuple(rooms.split(",")) if rooms else HUB_ROOMS)


def init(read: Settings, now: datetime) -> House:
    """Make an installation: database, keys, tree, PKI, our own clients. A second call completes what is missing."""
    read.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    _freeze_addresses(read)
    opened = open_house(read)
    migrate(opened)
    complete_keys(opened)
    with opened.database.write() as db:
        tree.keep(db, tree.Place("hub", "hub", "", "国家枢纽", "National hub"))
    for name, verb in (("certs.ceremony", "create_demo_pki"), ("idp.provider.clients", "ensure_first_party_clients")):
        getattr(importlib.import_module(name), verb)(opened, now)
    with opened.database.write() as db:
        if not ledger.events(db, kind="hub.initialised", limit=1):
            ledger.wrote(db, "hub.initialised", "hub", by="operator", at=now)
    return opened


# Made at init, or at the start if one came with a release. The PKI's are made by its ceremony, each seal's by its life
# cycle, those of tokens by theirs (`hub.token_keys`).
KEYS = {
    "code-1": "code",
    "status-list": "status-list",
    "receipt": "receipt",
    "checkpoint": "checkpoint",
    "data-1": "data",
    "consent-1": "consent",
    "upstream-1": "upstream",
    "upstream-2": "upstream",
}


def complete_keys(opened: House) -> None:
    """Make the keys that are missing. A second call changes nothing, nor does another process that is as quick."""
    for name, purpose in KEYS.items():
        opened.keys.create(name, purpose=purpose)
    token_keys.begin(opened, clock.now())


def migrate(opened: House) -> None:
    """Bring the database to this release's tables: one Alembic branch per room, each in its own folder."""
    import alembic.command  # a quarter of a second for each process that never migrates

    with opened.database.engine.connect() as connection:
        alembic.command.upgrade(migrations(connection), "heads")
        connection.commit()


def migrations(connection: Connection, **attributes: str) -> "Config":
    """Alembic's configuration for all rooms on one connection."""
    from alembic.config import Config

    for room in ROOMS:
        _module(f"{room}.store")
    config = Config()
    folders = [_here() / room / "migrations" for room in ROOMS if (_here() / room / "migrations").is_dir()]
    config.set_main_option("script_location", str(_here() / "hub/alembic"))
    config.set_main_option("version_locations", os.pathsep.join(str(folder) for folder in folders))
    config.set_main_option("path_separator", "os")
    config.attributes.update({"connection": connection, **attributes})
    return config


def _module(name: str) -> ModuleType | None:
    """A room's module of this role, or None if the room has none; a module that does not import stops the start."""
    return importlib.import_module(name) if find_spec(name) else None


def _here() -> Path:
    return Path(__file__).resolve().parent


def _freeze_addresses(read: Settings) -> None:
    path = read.data / "installation.json"
    if path.exists():
        _check_addresses(read)
        return
    path.write_text(json.dumps({name: getattr(read, name) for name in FROZEN} | {"profile": read.profile}, indent=1))


def _check_addresses(read: Settings) -> None:
    try:
        frozen = json.loads((read.data / "installation.json").read_text())
    except FileNotFoundError as error:
        raise BadSetting(f"{read.data} holds no installation: run `yinxin init`") from error
    for name in (*FROZEN, "profile"):
        if frozen[name] != getattr(read, name):
            raise BadSetting(
                f"YINXIN_{name.upper()} is {getattr(read, name)!r}, but this installation was made with {frozen[name]!r}. "
                "It is printed in licenses and certificates, so it cannot change; use the old value or a new data folder"
            )


@click.group()
@click.version_option(package_name="yinxin")
def main() -> None:
    """Yinxin: one verified name, one login, sealed licenses that anyone can check."""


@main.command("init")
def init_command() -> None:
    """Make a new installation in the data folder."""
    read = settings.read()
    try:
        init(read, clock.now()).close()
    except Problem as problem:
        raise click.ClickException(f"{problem.title}: {problem.detail}") from problem
    click.echo(f"Ready in {read.data}. Next: yinxin serve")


@main.command("tour")
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


@main.command("check-proof")
@click.argument("file", type=click.File("rb"))
@click.option("--key", type=click.File("rb"), help="The ledger's public checkpoint key (JWK), as you hold it.")
@click.option("--trust", "folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def check_proof_command(file: BinaryIO, key: BinaryIO | None, folder: Path | None) -> None:
    """Check a proof that an event stands in the ledger. No server, no database.

    Exit code 0: proved. 1: not proved. 2: there is nothing to check it by.
    """
    from yinxin.proof import NotProved, check_proof, keys_of

    try:
        keys = keys_of(folder, clock.now()) if folder else [json.loads(key.read())] if key else []
    except ValueError:
        keys = []
    if not keys:
        click.echo("Cannot say: give the checkpoint key with --key, or a trust folder that is up to date with --trust")
        raise SystemExit(2)
    try:
        proved = check_proof(file.read(), keys)
    except NotProved as error:
        click.echo(f"Not proved: {error}")
        raise SystemExit(1) from error
    event = proved.event
    click.echo(f"Proved: {event['kind']} of {event['subject']} by {event['by']} at {event['at']}")
    click.echo(f"  facts: {json.dumps(dict(event['facts']), ensure_ascii=False, sort_keys=True)}")
    click.echo(f"  leaf {proved.leaf} of {proved.size} in the tree signed at {proved.at}")


@main.command("check-receipt")
@click.argument("file", type=click.File("rb"))
@click.option("--key", type=click.File("rb"), help="A public key for receipts (JWK), or a set of them, as you hold it.")
@click.option("--trust", "folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def check_receipt_command(file: BinaryIO, key: BinaryIO | None, folder: Path | None) -> None:
    """Check a receipt of what somebody agreed to tell a service, or of a sign-out. No server, no database.

    Exit code 0: genuine. 1: not. 2: there is nothing to check it by.
    """
    from yinxin.receipt import NotAReceipt, check_receipt, keys_of

    try:
        read = json.loads(key.read()) if key else {}
        keys = keys_of(folder, clock.now()) if folder else read.get("keys", [read] if read else [])
    except (ValueError, AttributeError):
        keys = []
    if not keys:
        click.echo("Cannot say: give a key with --key, or a trust folder that is up to date with --trust")
        raise SystemExit(2)
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


def _assemble() -> None:
    """Give the command its rooms' commands, and the ticker their periodic work."""
    # The supervisor starts others and needs no room of its own: that saves it two seconds and 70 MB.
    for room in ("hub",) if sys.argv[1:2] == ["serve"] else ROOMS:
        for command in getattr(_module(f"{room}.cli"), "commands", ()):
            main.add_command(command)
        if (chores := _module(f"{room}.chores")) is not None:
            chores.register()
    if sys.argv[1:2] != ["serve"]:
        main.add_command(importlib.import_module("yinxin.lint.cli").lint_rp)


_assemble()

if __name__ == "__main__":
    main()
