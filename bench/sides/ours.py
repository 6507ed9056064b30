"""Our provider as it stands in production: `yinxin serve` with one worker, a consent for each service, and every limit on."""

import os
import subprocess
import sys
from pathlib import Path

import app as front
from bench.sides.browser import CALLBACK, PASSWORD, SECRET
from hub import clock, settings, valkey
from hub.house import House
from idp.account import accounts
from idp.provider import clients

SERVICE = """
[[client]]
id = "service-{number}"
name = "测试服务{number}"
name_en = "Service {number}"
agency = "11880100DEM000049A"
place = "hub"
auth = "client_secret_basic"
secret = "{secret}"
redirect_uris = ["{callback}"]
scopes = ["openid", "profile", "offline_access", "licenses:read"]
grant_types = ["authorization_code", "refresh_token", "client_credentials"]
id_token_algorithm = "{algorithm}"
"""


def environment(
    folder: Path, ports: tuple[int, int], *, database: str = "", redis: str = "", workers: int = 1
) -> dict[str, str]:
    """The settings of an installation, as an operator gives them."""
    return {
        "YINXIN_DATA": str(folder / "data"),
        "YINXIN_PASSPHRASE": "a passphrase for the bench",
        "YINXIN_ISSUER_URL": f"http://localhost:{ports[0]}",
        "YINXIN_VERIFY_URL": f"http://localhost:{ports[1]}",
        "YINXIN_PORT": str(ports[0]),
        "YINXIN_VERIFY_PORT": str(ports[1]),
        "YINXIN_WORKERS": str(workers),
        "YINXIN_DATABASE_URL": database,
        "YINXIN_REDIS_URL": redis,
    }


def prepare(folder: Path, given: dict[str, str], *, algorithm: str, people: int) -> None:
    """Make the installation with three services from a file and people with passwords."""
    os.environ.update(given)
    read = settings.read()
    (folder / "data" / "valkey").mkdir(parents=True)
    with valkey.embedded(folder / "data" / "valkey"):
        house = front.init(read, clock.now())
        load(house, folder, algorithm)
        for number in range(people):
            accounts.register(house, f"account.of.bench.{number}", PASSWORD, now=clock.now())
        house.close()


def load(house: House, folder: Path, algorithm: str) -> None:
    """Register the services as an operator does: by a file."""
    path = folder / "services.toml"
    given = {"secret": SECRET, "callback": CALLBACK, "algorithm": algorithm}
    path.write_text("".join(SERVICE.format(number=number, **given) for number in (1, 2, 3)), encoding="utf-8")
    clients.load(house, path, by="bench", now=clock.now())


def serve(folder: Path, given: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start it."""
    log = (folder / "ours.log").open("wb")
    return subprocess.Popen([sys.executable, "-m", "app", "serve"], env=os.environ | given, stdout=log, stderr=log)
