"""What the demo starts with: two provinces, seven bodies with their seals, two department sites as clients.

Everything is invented: the region prefixes 87 and 88 are assigned to nobody. A second call changes nothing.
"""

import json
import secrets
from datetime import datetime
from pathlib import Path

from hub import keys as hub_keys
from hub import tree
from hub.house import House
from hub.tree import Place
from idp import clients
from idp.model.client import Client, ClientAuth, GrantType
from seals import lifecycle
from seals import store as seals
from seals.model import Agency

PLACES = (
    Place("hub", "hub", "", "国家枢纽", "National hub"),
    Place("hub/public-security", "ministry", "", "示范公安厅", "Department of Public Security"),
    Place("hub/human-resources", "ministry", "", "示范人社厅", "Department of Human Resources"),
    Place("hub/880000", "province", "880000", "云岚省", "Yunlan Province"),
    Place("hub/880000/880100", "city", "880100", "栖云市", "Qiyun City"),
    Place("hub/870000", "province", "870000", "澜海省", "Lanhai Province"),
    Place("hub/870000/870100", "city", "870100", "汐城市", "Xicheng City"),
)
AGENCIES = (
    (Agency("11880000DEM000014J", "示范全国枢纽", "Demonstration National Hub", "hub"), "8800000000014"),
    (Agency("11880000DEM000022D", "示范公安厅", "Demonstration Department of Public Security", "hub/public-security"), "8800000000022"),
    (Agency("11880000DEM0000308", "示范人社厅", "Demonstration Department of Human Resources", "hub/human-resources"), "8800000000030"),
    (Agency("11880100DEM000049A", "栖云市市场监督管理局", "Qiyun Administration for Market Regulation", "hub/880000/880100"), "8801010000017"),
    (Agency("11880100DEM0000575", "栖云市卫生健康委员会", "Qiyun Health Commission", "hub/880000/880100"), "8801010000057"),
    (Agency("11870100DEM000065U", "汐城市民政局", "Xicheng Civil Affairs Bureau", "hub/870000/870100"), "8701010000065"),
    (Agency("11870000DEM000073H", "澜海省住房和城乡建设厅", "Lanhai Department of Housing", "hub/870000"), "8700000000073"),
)
SITES = {
    "market": ("栖云市市场监管服务网", "Qiyun Market Services", "11880100DEM000049A", "hub/880000/880100"),
    "civil": ("汐城市民政服务网", "Xicheng Civil Services", "11870100DEM000065U", "hub/870000/870100"),
}
API = ("licenses:issue", "licenses:read", "licenses:change")


def seed(house: House, folder: Path, urls: dict[str, str], now: datetime) -> None:
    """Fill an initialised installation; leave each site's own settings and key in `folder/<site>.json`."""
    with house.database.write() as db:
        for place in PLACES:
            tree.keep(db, place)
    with house.database.read() as db:
        known = {agency.code for agency in seals.agencies(db) if seals.seals(db, agency=agency.code)}
    for agency, code13 in AGENCIES:
        if agency.code not in known:
            lifecycle.make_seal(house, agency, code13=code13, by="demo", now=now)
    for name, url in urls.items():
        _site(house, folder / f"{name}.json", name, url, now)


def _site(house: House, path: Path, name: str, url: str, now: datetime) -> None:
    """Register a department's site. It proves itself by private_key_jwt with a key of its own, made here once."""
    if path.exists():
        return
    title, title_en, agency, place = SITES[name]
    key = hub_keys.fresh_jwk()
    public = {member: key[member] for member in ("kty", "crv", "x", "y", "kid")} | {"use": "sig", "alg": "ES256"}
    clients.add(
        house,
        Client(
            id=f"demo-{name}",
            name=title,
            name_en=title_en,
            agency=agency,
            place=place,
            auth=ClientAuth.private_key_jwt,
            keys=(public,),
            redirect_uris=(f"{url}/callback",),
            post_logout_uris=(f"{url}/",),
            backchannel_logout_uri=f"{url}/backchannel-logout",
            grant_types=(GrantType.code, GrantType.refresh, GrantType.client_credentials),
            scopes=("openid", "profile", "realname", "company", "offline_access", *API),
            id_token_algorithm="ES256",
            level=2,
            purpose="办理本部门的政务服务事项",
            purpose_en="To handle your applications with this department",
        ),
        by="demo",
        now=now,
    )
    settings = {
        "client_id": f"demo-{name}",
        "key": key,
        "issuer": house.settings.issuer_url,
        "api": f"{house.settings.home_url}/api",
        "verify": house.settings.verify_url,
        "url": url,
        "agency": agency,
        "title": title,
        "title_en": title_en,
        "cookie_secret": secrets.token_hex(32),
    }
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(json.dumps(settings, indent=1, ensure_ascii=False), encoding="utf-8")
