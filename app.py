"""The front door: the application, its WSGI entry and the `yinxin` command. Imports every room, imported by none."""

import importlib
import json
import os
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import click

from hub import clock, settings
from hub.house import House, open_house
from hub.problems import Problem
from hub.settings import BadSetting, Settings

# Each command is a process of its own: what few of them need (Flask, Alembic, a room) is imported by whoever needs it.
if TYPE_CHECKING:
    from alembic.config import Config
    from flask import Flask
    from sqlalchemy import Connection

ROOMS = ("hub", "certs", "seals", "idp", "licenses", "admin", "verification")
HUB_ROOMS = ("hub", "certs", "seals", "idp", "licenses", "admin")  # verification has its own origin
FACES = {  # the modules of each room that give a `blueprint()`
    "hub": ("hub.pages",),
    "certs": ("certs.web",),
    "seals": ("seals.api",),
    "idp": ("idp.endpoints", "idp.web"),
    "licenses": ("licenses.api", "licenses.web"),
    "admin": (
        "admin.web.console",
        "admin.web.seals",
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
        "admin.web.trust",
        "admin.web.experience",
        "admin.web.documents",
    ),
    "verification": ("verification.web", "verification.api"),
}
QUICK = ("/oidc/authorize", "/oidc/token", "/oidc/introspect", "/oidc/userinfo", "/oidc/jwks", "/.well-known/")
COMMANDS = {  # where each command stands
    "hub.cli": ("serve", "work", "tick", "backup", "restore", "ledger", "deliveries", "vault", "place"),
    "certs.cli": ("pki",),
    "certs.cli_ceremony": ("ceremony",),
    "seals.cli": ("agency", "seal"),
    "idp.cli": ("client", "evidence", "keys", "upstream", "person"),
    "licenses.cli": ("issue", "resume", "license", "fsck"),
    "admin.cli": ("operator",),
    "verification.cli": ("verify", "trust"),
    "yinxin.cli": ("tour", "check-proof", "check-receipt"),
    "yinxin.lint.cli": ("lint-rp",),
}
WHOLE = (
    "work",
    "tick",
    "backup",
    "restore",
    "pki",
)  # the commands for which every room must be there: its work, its tables
FROZEN = ("issuer_url", "verify_url", "pki_url")  # printed in codes and certificates: they may never change


def create_app(read: Settings, rooms: Sequence[str] = HUB_ROOMS, house: House | None = None) -> "Flask":
    """An application that serves `rooms` of an initialised installation. Raises BadSetting."""
    from flask import Flask

    from hub import api, web

    _check_addresses(read)
    know_all_work()  # its needs are asked for, and its numbers
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


def serve_here(opened: House, app: "Flask", rooms: Sequence[str]) -> None:
    """Have calls to our own services answered by this application; by HTTP only when they are deployed apart."""
    from hub import web

    read = opened.settings
    home = {"idp": read.issuer_url, "certs": read.pki_url, "hub": read.home_url, "verification": read.verify_url}
    for room, url in home.items():
        if room in rooms:
            opened.fetch.serve_here(url, web.isolated(app.wsgi_app))


def wsgi() -> "Flask":
    """What a web server calls: settings from the environment, rooms from YINXIN_ROOMS (names with commas between)."""
    rooms = os.environ.get("YINXIN_ROOMS")
    return create_app(settings.read(), tuple(rooms.split(",")) if rooms else HUB_ROOMS)


def sealing(read: Settings) -> None:
    """Be the process that alone holds the keys of seals (`yinxin serve --role sealing`). Raises BadSetting."""
    importlib.import_module("seals.api_sealer").serve(open_house(read))


def init(read: Settings, now: datetime, *, ceremony: bool = False) -> House:
    """Make an installation: database, keys, tree, PKI, our own clients. A second call completes what is missing.

    With `ceremony` the PKI waits for one; else it is a demo's.
    """
    from hub import ledger, tree

    read.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    _freeze_addresses(read)
    opened = open_house(read)
    migrate(opened)
    complete_keys(opened)
    if ceremony:
        importlib.import_module("certs.safe").await_ceremony(opened)
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
    from hub import token_keys

    for name, purpose in KEYS.items():
        opened.keys.create(name, purpose=purpose)
    token_keys.begin(opened, clock.now())


def migrate(opened: House) -> None:
    """Bring the database to this release's tables: one Alembic branch per room, each in its own folder."""
    import alembic.command  # a quarter of a second for each process that never migrates
    from alembic.runtime.migration import MigrationContext

    with opened.database.engine.connect() as connection:
        before = MigrationContext.configure(connection).get_current_heads()
        alembic.command.upgrade(migrations(connection), "heads")
        changed = {*before} != {*MigrationContext.configure(connection).get_current_heads()}
        connection.commit()
    if before and changed:
        opened.database.analyze()


def migrations(connection: "Connection", **attributes: str) -> "Config":
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


@cache
def know_all_work() -> None:
    """Tell the kernel each room's tables, periodic work, senders, needs and numbers. Once per process."""
    for room in ROOMS:
        if (chores := _module(f"{room}.chores")) is not None:
            chores.register()


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


class Commands(click.Group):
    """Every command by its name. Its room is imported when it is called: that is quicker by half a second and more."""

    def list_commands(self, ctx: click.Context | None = None) -> list[str]:
        """Give their names."""
        return sorted([*self.commands, *(name for names in COMMANDS.values() for name in names)])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the room of a command."""
        if cmd_name in WHOLE:
            know_all_work()
        home = next((module for module, names in COMMANDS.items() if cmd_name in names), None)
        if home is None:
            return super().get_command(ctx, cmd_name)
        found: list[click.Command] = importlib.import_module(home).commands
        return next(one for one in found if one.name == cmd_name)


@click.group(cls=Commands)
@click.version_option(package_name="yinxin")
def main() -> None:
    """Yinxin: one verified name, one login, sealed licenses that anyone can check."""


@main.command("init")
@click.option("--ceremony", is_flag=True, help="Make no PKI: two people will, by a plan (yinxin ceremony).")
def init_command(*, ceremony: bool) -> None:
    """Make a new installation in the data folder."""
    read = settings.read()
    try:
        init(read, clock.now(), ceremony=ceremony).close()
    except Problem as problem:
        raise click.ClickException(f"{problem.title}: {problem.detail}") from problem
    click.echo(f"Ready in {read.data}. Next: yinxin {'ceremony plan' if ceremony else 'serve'}")


if __name__ == "__main__":
    main()
