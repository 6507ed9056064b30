"""What the demo consists of: seven sites on seven ports in a row, one data folder, one set of settings."""

import os
import secrets
import socket
from dataclasses import dataclass, replace
from pathlib import Path

from deploy.demo import lan
from hub import clock, settings
from hub.process import Kept, python, spawn
from hub.settings import Settings

SITES = ("hub", "verify", "register", "market", "civil", "yunlan", "province")  # in the order of their ports
DEPARTMENTS = SITES[3:6]
FIRST_PORT = 8000


class NoDemo(Exception):
    """The demo cannot start; the text says why and what to do."""


@dataclass(frozen=True)
class Demo:
    """Where the demo keeps its data and how it is reached."""

    folder: Path
    host: str  # the name or address in every URL
    listen: str
    first_port: int = FIRST_PORT
    tls: lan.Certificate | None = None
    more: tuple[tuple[str, str], ...] = ()  # further settings, for who judges it from outside

    def port(self, name: str) -> int:
        """The port of one of the seven sites."""
        return self.first_port + SITES.index(name)

    def url(self, name: str) -> str:
        """The address of one of the seven sites."""
        return f"{'https' if self.tls else 'http'}://{self.host}:{self.port(name)}"

    @property
    def is_new(self) -> bool:
        """Whether it has never been ready: only then accounts are made."""
        return not ((self.folder / "accounts.json").exists() and (self.folder / "hub/installation.json").exists())


def local(folder: Path | None, first_port: int) -> Demo:
    """The demo for this machine alone."""
    return Demo(folder or Path("data/demo"), "localhost", "127.0.0.1", first_port)


def with_tls(folder: Path | None, first_port: int) -> Demo:
    """The demo for this machine alone, with TLS; another folder, since addresses are frozen in its data."""
    folder = folder or Path("data/demo-tls")
    return Demo(folder, "localhost", "127.0.0.1", first_port, lan.certificate(folder / "tls", "localhost", clock.now()))


def judged(demo: Demo, clients: Path | None, *, is_open: bool) -> Demo:
    """The same for who judges it from outside: services of a file; if `is_open`, development too (docs/automation.md)."""
    more = [("CLIENTS_FILE", str(clients.resolve()))] if clients else []
    more += [("OPEN_REGISTRATION", "true"), ("DEVELOPMENT_CALLS", "true")] if is_open else []
    return replace(demo, more=tuple(more))


def on_lan(folder: Path | None, first_port: int) -> Demo:
    """The demo for the local network, with TLS. Each address has a folder of its own, since addresses are frozen in its data.

    Raises NoDemo without a network.
    """
    address = lan.address()
    if address.startswith("127."):
        raise NoDemo("This machine is in no network that a phone could reach. Connect it, or start without LAN=1")
    folder = folder or Path(f"data/demo-lan-{address}")
    return Demo(folder, address, "0.0.0.0", first_port, lan.certificate(folder / "tls", address, clock.now()))  # noqa: S104  asked for


def read_settings(demo: Demo, workers: int, threads: int) -> Settings:
    """The settings of the demo; every process of it inherits them through the environment."""
    passphrase = demo.folder / "passphrase"
    if not passphrase.exists():
        passphrase.touch(mode=0o600)
        passphrase.write_text(secrets.token_urlsafe(24))
    given = {
        "PROFILE": "demo",
        "DATA": str((demo.folder / "hub").resolve()),
        "PASSPHRASE_FILE": str(passphrase.resolve()),
        "ISSUER_URL": demo.url("hub"),
        "VERIFY_URL": demo.url("verify"),
        "REGISTER_URL": demo.url("register"),
        "HOST": demo.listen,
        "PORT": str(demo.port("hub")),
        "VERIFY_PORT": str(demo.port("verify")),
        "WORKERS": str(workers),
        "THREADS": str(threads),
        "LOG_JSON": "false",
        "ALLOWED_HOSTS": ",".join(f"{demo.host}:{demo.port(name)}" for name in (*DEPARTMENTS, "province")),
    }
    given |= dict(demo.more)
    if demo.tls:
        given |= {"TLS_CERTIFICATE": str(demo.tls.chain.resolve()), "TLS_KEY": str(demo.tls.key.resolve())}
        os.environ["SSL_CERT_FILE"] = str(demo.tls.authority.resolve())  # the demo's sites call each other
    for name in [name for name in os.environ if name.startswith(settings.PREFIX)]:
        del os.environ[name]  # a shell that is set up for another installation must not change this one
    os.environ.update({f"{settings.PREFIX}{name}": value for name, value in given.items()})
    return settings.read()


def register(demo: Demo) -> Kept:
    """The sandbox register, which knows fictional people only."""
    data = str((demo.folder / "register").resolve())
    return _kept(demo, "register", REGISTER_DATA=data, REGISTER_URL=demo.url("register"))


def site(demo: Demo, name: str) -> Kept:
    """A department's site."""
    return _kept(demo, name, DEPARTMENT_SETTINGS=str(site_file(demo, name).resolve()))


def province(demo: Demo) -> Kept:
    """Province 87: an installation of its own, which the hub's people may sign in by."""
    (demo.folder / "province/ready").unlink(missing_ok=True)
    return _kept(
        demo,
        "province",
        "deploy.demo.province",
        PROVINCE_FOLDER=str((demo.folder / "province").resolve()),
        PROVINCE_URL=demo.url("province"),
        PROVINCE_HUB=demo.url("hub"),
        PROVINCE_VERIFY=demo.url("verify"),
        PROVINCE_REGISTER=demo.url("register"),
    )


def site_file(demo: Demo, name: str) -> Path:
    """Where a department keeps its own settings and key."""
    return demo.folder / "sites" / f"{name}.json"


def _kept(demo: Demo, name: str, module: str = "", **environment: str) -> Kept:
    arguments = [module or f"deploy.demo.{name}.site", "--host", demo.listen, "--port", str(demo.port(name))]
    if demo.tls:
        arguments += ["--certificate", str(demo.tls.chain.resolve()), "--key", str(demo.tls.key.resolve())]
    return Kept(name, lambda: spawn(python("-m", "deploy.demo.serve", *arguments), environment))


def check_ports(demo: Demo) -> None:
    """Refuse to start beside something that listens on one of the ports. Raises NoDemo."""
    for name in SITES:
        with socket.socket() as door:
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                door.bind((demo.listen, demo.port(name)))
            except OSError as error:
                raise NoDemo(
                    f"Port {demo.port(name)} is in use. Stop what uses it (another demo?), or give other ports: "
                    f".venv/bin/python -m deploy.demo.run --port {demo.first_port + 1000}"
                ) from error
