"""A front door to the kernel alone, with a slow page: for the tests of the supervisor, which need many quick starts."""

import os
import time
from pathlib import Path

import click
from flask import Flask, Response

from hub import api, chores, cli, clock, jobs, ledger, settings, web
from hub.callers import Program
from hub.house import House, open_house
from hub.jobs import Job

QUICK = ("/healthz",)


def wsgi() -> Flask:
    """The kernel's application."""
    house = open_house(settings.read())
    app = Flask("front")
    web.frame(app, house)
    app.register_blueprint(api.blueprint())

    @web.route(app, "/slow", gate=Program("a test"))
    def slow() -> Response:
        (house.settings.data / "slow").touch()
        time.sleep(1.5)
        return web.answer({"pid": os.getpid()})

    @web.route(app, "/ask", gate=Program("a test"), methods=("POST",))
    def ask() -> Response:
        with house.database.write() as db:
            id = jobs.add(db, "note", {}, clock.now())
            ledger.wrote(db, "test.asked", id, by="test", at=clock.now())
        jobs.wake(house, id)
        return web.answer({"id": id})

    @web.route(app, "/job/<id>", gate=Program("a test"))
    def job(id: str) -> Response:
        with house.database.read() as db:
            found = jobs.job(db, id)
            (event,) = ledger.events(db, subject=id)
        return web.answer({"state": found and found.state, "leaf": event.leaf})

    @web.route(app, "/pid", gate=Program("a test"))
    def pid() -> Response:
        return web.answer({"pid": os.getpid()})

    return app


def init(folder: Path) -> None:
    """Make a bare installation."""
    house = open_house(settings.read(data=folder, profile="demo", passphrase="test"))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "installation.json").write_text("{}")
    house.database.create_all()
    house.keys.create(ledger.KEY, purpose="checkpoint")
    house.keys.secret("csrf")
    house.close()


def note(house: House, job: Job, now: object) -> dict[str, int]:
    """Do the test's job."""
    return {"pid": os.getpid()}


@click.group()
def main() -> None:
    """The kernel's commands."""


for _command in cli.commands:
    main.add_command(_command)
chores.register()
jobs.handles("note", note)

if __name__ == "__main__":
    main(obj="tests.hub.front")
