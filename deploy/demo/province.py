"""Province 87 as an installation of its own: other data, other keys, its own tree, and a citizen whom only it knows.

One process serves it and does its periodic work; the national hub is a service of it like any other.
"""

import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

from flask import Flask, abort, request

import app as front
from hub import clock, ledger, outbox, settings, tree, valkey
from hub.house import House
from hub.settings import Settings
from hub.tree import Place
from idp import demo as people
from idp.account import accounts
from idp.demo import Figure
from idp.model.client import FAPI2, Client, ClientAuth, GrantType
from idp.model.person import Level
from idp.model.realname import RegisterLater
from idp.model.upstream import Upstream
from idp.provider import clients
from idp.store import people as store
from idp.upstream import begin, configured, ending

CITIZEN = Figure("买买提示例 citizen of province 87", "maimaiti.shili", "买买提示例·阿卜杜示例", "870101197801010045")
PLACES = (
    Place("hub", "hub", "870000", "澜海省", "Lanhai Province"),
    Place("hub/870100", "city", "870100", "汐城市", "Xicheng City"),
)
NAME, NAME_EN = "澜海省统一身份认证平台", "Lanhai Unified Sign-in"
FALL = "/demo/fall"
HUB = "11880000DEM000014J"
PATIENCE = 60.0  # seconds to wait for the register, and for the hub's key
EVERY = 0.5  # seconds between looks at what has to be sent


def upstream(address: str) -> Upstream:
    """How the hub knows the province."""
    return Upstream(
        id="lanhai",
        issuer=address,
        name=NAME,
        name_en=NAME_EN,
        region="澜海省",
        region_en="Lanhai Province",
        client_id="national-hub",
    )


def introduce(hub: House, address: str, file: Path, now: datetime) -> None:
    """The hub takes the province's word from now on, and tells the province by a file what it needs to know of the hub."""
    one = configured.add(hub, upstream(address), by="demo", now=now)
    told = {
        "redirect_uri": begin.callback(hub, one),
        "post_logout_uri": ending.back(hub),
        "backchannel_logout_uri": f"{hub.settings.issuer_url}/upstream/{one.id}/backchannel-logout",
        "key": hub.keys.jwk("upstream-1"),
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    part.write_text(json.dumps(told), encoding="utf-8")
    part.replace(file)


def made(read: Settings, folder: Path, now: datetime) -> tuple[House, dict[str, str]]:
    """The installation with its citizen, and how he signs in; made at the first start, found at later ones."""
    house = front.init(read, now)
    with house.database.write() as db:
        for place in PLACES:
            tree.keep(db, place)
    account = _account(folder / "account.json")
    with house.database.read() as db:
        person = store.by_account(db, store.account_key(house.vault, CITIZEN.account))
    person = person or accounts.register(house, CITIZEN.account, account["password"], now=now)
    if person.level < Level.present:  # at the first start, and after one that was cut short
        register = urlsplit(read.register_url)
        where = (register.hostname or "", register.port or 443)
        _wait(lambda: socket.create_connection(where, 1).close(), OSError)
        _wait(lambda: people.prove(house, person.id, CITIZEN, clock.now()), RegisterLater, pause=2)
    return house, account


def _account(file: Path) -> dict[str, str]:
    """The citizen's account, with the password that is shown."""
    if file.exists():
        found: dict[str, str] = json.loads(file.read_text("utf-8"))
        return found
    password = people.fresh_password()
    account = {"who": CITIZEN.who, "account": CITIZEN.account, "password": password}
    file.touch(mode=0o600)
    file.write_text(json.dumps(account, ensure_ascii=False), encoding="utf-8")
    return account


def know_hub(house: House, file: Path, now: datetime) -> None:
    """The hub as a service of the province. Waits until the hub has said what it needs."""
    told: dict[str, Any] = _wait(lambda: json.loads(file.read_text("utf-8")), OSError)
    client = Client(
        id="national-hub",
        name="国家枢纽",
        name_en="National hub",
        agency=HUB,
        agency_name="演示国家枢纽管理中心",
        agency_name_en="National hub administration (demo)",
        place="hub",
        auth=ClientAuth.private_key_jwt,
        redirect_uris=(told["redirect_uri"],),
        post_logout_uris=(told["post_logout_uri"],),
        backchannel_logout_uri=told["backchannel_logout_uri"],
        grant_types=(GrantType.code,),
        scopes=("openid", "profile", "realname"),
        keys=(told["key"],),
        policy=FAPI2,
        id_token_algorithm="ES256",
        purpose="用本省账户登录全国一体化平台",
        purpose_en="Signing in at the national platform with the account of this province",
    )
    clients.add(house, client, by="demo", now=now)


def settings_of(folder: Path, address: str, *, hub: str, verify: str, register: str, redis_url: str = "") -> Settings:
    """The settings of the province. It has a name, a portal and accounts of its own; the nation checks licenses in one place."""
    return settings.read(
        profile="demo",
        data=folder / "data",
        site_name=NAME,
        site_name_en=NAME_EN,
        issuer_url=address,
        verify_url=verify,
        register_url=register,
        redis_url=redis_url,
        passphrase="province-87-of-a-demo",
        allowed_hosts=hub.partition("://")[2],
    )


def from_environment() -> Flask:
    """For a WSGI server: PROVINCE_FOLDER, PROVINCE_URL, PROVINCE_HUB, PROVINCE_VERIFY, PROVINCE_REGISTER."""
    folder = Path(os.environ["PROVINCE_FOLDER"])
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in [name for name in os.environ if name.startswith(settings.PREFIX)]:
        del os.environ[name]  # those of the hub, whose supervisor starts us
    read = settings_of(
        folder,
        os.environ["PROVINCE_URL"],
        hub=os.environ["PROVINCE_HUB"],
        verify=os.environ["PROVINCE_VERIFY"],
        register=os.environ["PROVINCE_REGISTER"],
    )
    read.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    valkey.start(read.data / "valkey")  # it ends with this process
    house, _ = made(read, folder, clock.now())
    know_hub(house, folder / "hub.json", clock.now())
    threading.Thread(target=_work, args=(house,), daemon=True).start()
    served = front.create_app(read, house=house)
    served.add_url_rule(FALL, "fall", _fall, methods=["POST"])
    (folder / "ready").touch()
    return served


def _fall() -> NoReturn:
    """End at once, as by a power failure: what the tour does to a province in the middle of a sign-in. It is started again."""
    here = ("127.0.0.1", urlsplit(os.environ["PROVINCE_URL"]).hostname)
    # Neither from another machine nor by a page of another site.
    if request.remote_addr not in here or not request.is_json:
        abort(404)
    for process in (os.getppid(), os.getpid()):
        os.kill(process, signal.SIGKILL)
    raise AssertionError


def _work(house: House) -> None:
    """What a ticker does elsewhere: tell the hub who signed out, and write the ledger on."""
    while True:
        time.sleep(EVERY)
        for does in (outbox.deliver, ledger.sequence):
            does(house, clock.now())


def _wait(does: Callable[[], Any], over: type[Exception], pause: float = 0.1) -> Any:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return does()
        except over:
            if time.monotonic() > end:
                raise
            time.sleep(pause)
