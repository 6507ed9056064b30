"""Two installations: the nation's hub, and province 87 with a citizen whom only it knows. There and back, by pages alone."""

import hashlib
import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree
from urllib.parse import urljoin, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

import app as front
from hub import callers, clock
from hub.house import House, open_house
from hub.settings import Settings
from idp.demo import Figure, prove
from idp.model.client import FAPI2, Client, ClientAuth, GrantType
from idp.model.upstream import Upstream
from idp.provider import clients
from idp.upstream import begin, configured, ending
from tests.conftest import settings_for
from tests.idp.citizen import Citizen
from tests.idp.upstream import lanhai

PROVINCE = "http://localhost:8006"
WHO = Figure("citizen of 87", "maimai", "买买提示例·阿卜杜示例", "870101197801010045")
CALLED = {"site_name": "澜海省统一身份认证平台", "site_name_en": "Lanhai Unified Sign-in"}
BACK = "http://localhost:8000"


def province_settings(folder: Path, valkey_url: str) -> Settings:
    return settings_for(folder, f"{valkey_url}?db=1", issuer_url=PROVINCE, **CALLED)


@dataclass
class Two:
    """The hub and the province, and one browser at both: they stand on one host, so it shows each the cookies of the other."""

    hub: House
    hub_app: Flask
    province: House
    citizen: Citizen  # at the province
    upstream: Upstream
    browser: FlaskClient  # at the hub

    def get(self, url: str) -> TestResponse:
        """Where a browser is sent, at whichever of the two."""
        parts = urlsplit(url)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        there = self.citizen.browser if url.startswith(PROVINCE) else self.browser
        return there.get(
            path, base_url=PROVINCE if url.startswith(PROVINCE) else BACK, headers={"Accept-Language": "en"}
        )

    def go(self, page: TestResponse) -> TestResponse:
        """Follow what a page or an answer leads to, as far as it leads by itself."""
        for _ in range(12):
            found = re.search(r'http-equiv="refresh" content="0;url=([^"]+)"', page.text)
            if page.status_code == 303:
                page = self.get(urljoin(page.request.url, page.location))
            elif found:
                page = self.get(urljoin(page.request.url, html.unescape(found[1])))
            else:
                return page
        raise AssertionError("it leads nowhere")

    def post(self, page: TestResponse, path: str, **fields: str) -> TestResponse:
        token = re.search(r'name="csrf" value="([0-9a-f]+)"', page.text)
        assert token, page.text
        at_province = page.request.host == "localhost:8006"
        there, base = (self.citizen.browser, PROVINCE) if at_province else (self.browser, BACK)
        return there.post(path, base_url=base, data={"csrf": token[1]} | fields, headers={"Accept-Language": "en"})

    def to_province(self, at: str = "/upstream") -> TestResponse:
        """Choose the province, and arrive at whatever it asks."""
        return self.go(self.post(self.get(f"{BACK}{at}"), at, province="lanhai"))

    def comes(self, at: str = "/upstream") -> TestResponse:
        """The whole way: choose, sign in there, agree there, come back."""
        page = self.to_province(at)
        if page.request.path == "/login":
            page = self.go(
                self.post(page, page.request.full_path, account=WHO.account, password=self.citizen.person_id)
            )
        if page.request.path == "/consent":
            page = self.go(self.post(page, page.request.full_path, decision="agree"))
        return page

    def callback(self) -> str:
        """Where the province sends the browser after he has signed in there; he has not gone there yet."""
        page = self.to_province()
        page = self.post(page, page.request.full_path, account=WHO.account, password=self.citizen.person_id)
        for _ in range(9):
            if page.status_code != 303:
                page = self.post(page, page.request.full_path, decision="agree")
            elif "/callback" in page.location:
                return page.location
            else:
                page = self.get(urljoin(page.request.url, page.location))
        raise AssertionError("it does not send him back")

    @property
    def signed_in(self) -> bool:
        """Whether anybody is, at the hub."""
        return self.caller is not None

    @property
    def caller(self) -> callers.Caller | None:
        found = self.browser.get_cookie(self.hub.settings.cookie("idp"))
        with self.hub.database.read() as db:
            digest = hashlib.sha256(found.value.encode()).hexdigest() if found else ""
            return callers.session(db, digest, "idp", clock.now())


def as_client(hub: House, upstream: Upstream) -> Client:
    """How the province knows the hub."""
    return Client(
        id=upstream.client_id,
        name="国家枢纽",
        name_en="National hub",
        agency="11880000DEM000014J",
        place="hub",
        auth=ClientAuth.private_key_jwt,
        redirect_uris=(begin.callback(hub, upstream),),
        post_logout_uris=(ending.back(hub),),
        backchannel_logout_uri=f"{hub.settings.issuer_url}/upstream/{upstream.id}/backchannel-logout",
        grant_types=(GrantType.code,),
        scopes=("openid", "profile", "realname"),
        keys=(hub.keys.jwk("upstream-1"),),
        policy=FAPI2,
        id_token_algorithm="ES256",
    )


PASSWORD = "shan-shui-yun-meng-qing-song"


@contextmanager
def both(
    house: House, app: Flask, register: FlaskClient, template: Path, folder: Path, valkey_url: str
) -> Iterator[Two]:
    """The two, open for the length of a block."""
    copytree(template, folder)
    province = open_house(province_settings(folder, valkey_url))
    served = front.create_app(province.settings, ("hub", "idp"), province)
    served.testing = True
    province.fetch.serve_here(BACK, app)
    house.fetch.serve_here(PROVINCE, served)
    province.fetch._here[urlsplit(province.settings.register_url).netloc] = house.fetch._here["localhost:8002"]
    upstream = configured.add(house, lanhai(issuer=PROVINCE), by="test", now=clock.now())
    clients.add(province, as_client(house, upstream), by="test", now=clock.now())
    citizen = Citizen(province, served, register, WHO.account, person_id=PASSWORD)
    citizen.registers(PASSWORD)
    prove(province, citizen.person, WHO, clock.now())
    browser, citizen.browser = app.test_client(), served.test_client()  # another day
    citizen.browser._cookies = browser._cookies
    yield Two(house, app, province, citizen, upstream, browser)
    province.close()
