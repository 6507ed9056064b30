"""A real Yinxin for other people's clients: made and served by its own commands, on ports of its own."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx2

from tests.house.source import ROOT
from yinxin.tour.browser import Browser

PATIENCE = 60.0  # seconds for one process on a busy machine
PAGE = ROOT / "docs/connect.md"
ACCOUNT, PASSWORD = "jia.shili", "seven quiet lanterns upstream"
SECRET = "a-secret-of-a-relying-party-0123456789"


def snippet(language: str) -> str:
    """The part of the page for departments in this language, as it stands."""
    found = re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert len(found) == 1, language
    return str(found[0])


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on."""
    doors = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [door.getsockname()[1] for door in doors]
    for door in doors:
        door.close()
    return ports


@dataclass
class Site:
    """Where a department's site will stand, and as whom it is known."""

    name: str
    port: int

    @property
    def base(self) -> str:
        return f"http://localhost:{self.port}"


class Installation:
    """`yinxin init`, `client load`, `serve`."""

    def __init__(self, folder: Path, described: str, allowed: list[str], **more: str) -> None:
        self.folder = folder
        port, verify = free_ports(2)
        self.issuer = f"http://localhost:{port}"
        self.environment = {
            "PATH": os.environ["PATH"],
            "YINXIN_PROFILE": "demo",
            "YINXIN_DATA": str(folder / "data"),
            "YINXIN_PASSPHRASE": "correct horse battery staple",
            "YINXIN_ISSUER_URL": self.issuer,
            "YINXIN_VERIFY_URL": f"http://localhost:{verify}",
            "YINXIN_PORT": str(port),
            "YINXIN_VERIFY_PORT": str(verify),
            "YINXIN_ALLOWED_HOSTS": ",".join(allowed),
            "YINXIN_WORKERS": "1",
            **more,
        }
        (folder / "clients.toml").write_text(described, encoding="utf-8")
        self.run("init")
        self.run("client", "load", str(folder / "clients.toml"))
        self.log = (folder / "log").open("wb")
        self.process = subprocess.Popen(
            [sys.executable, "app.py", "serve"], cwd=ROOT, env=self.environment, stdout=self.log, stderr=self.log
        )
        wait(lambda: httpx2.get(f"{self.issuer}/readyz").status_code == 200, self.folder / "log")

    def run(self, *command: str) -> str:
        """One command of the installation."""
        done = subprocess.run(
            [sys.executable, "app.py", *command],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    def stop(self) -> None:
        """As Ctrl-C does."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE)
        self.log.close()


class Person(Browser):
    """Somebody with an account, whose browser does what docs/automation.md says."""

    def registers(self, issuer: str, account: str = ACCOUNT) -> "Person":
        self.open(f"{issuer}/register")
        self.submit("account", account=account, password=PASSWORD)
        return self

    def goes_on(self, account: str = ACCOUNT) -> httpx2.Response:
        """Sign in and agree, as often as a page asks for it."""
        for _ in range(4):
            if self.path == "/login":
                self.submit("password", account=account, password=PASSWORD)
            elif self.path == "/consent":
                self.submit("decision", decision="agree")
            else:
                break
        return self.page

    def is_at_site(self, site: Site, path: str = "/") -> bool:
        here = urlsplit(str(self.page.url))
        return here.port == site.port and here.path == path


def wait(is_so: Callable[[], bool], log: Path) -> None:
    """Ask again and again until it is so."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            if is_so():
                return
        except (httpx2.HTTPError, OSError):
            pass
        time.sleep(0.1)
    raise AssertionError(log.read_text(encoding="utf-8", errors="replace")[-4000:])
