"""What the demo starts with: two provinces, nine bodies with their seals, three department sites as clients.

Everything is invented: the region prefixes 87 and 88 are assigned to nobody. A second call changes nothing.
"""

import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from deploy.demo.seed_desk import seed_desk
from deploy.demo.seed_services import seed_services
from deploy.demo.seed_sharing import seed_sharing
from hub import jwk, tree
from hub.house import House
from hub.tree import Place
from idp.model.client import Client, ClientAuth, GrantType
from idp.provider import clients
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
AGENCIES = (  # unified code, code of its seal, place, name
    ("11880000DEM000014J", "8800000000014", "hub", "示范全国枢纽", "Demonstration National Hub"),
    ("11880000DEM000022D", "8800000000022", "hub/public-security", "示范公安厅", "Demonstration Public Security"),
    ("11880000DEM0000308", "8800000000030", "hub/human-resources", "示范人社厅", "Demonstration Human Resources"),
    ("11880100DEM000049A", "8801010000017", "hub/880000/880100", "栖云市市场监督管理局", "Qiyun Market Regulation"),
    ("11880100DEM0000575", "8801010000057", "hub/880000/880100", "栖云市卫生健康委员会", "Qiyun Health Commission"),
    ("11870100DEM000065U", "8701010000065", "hub/870000/870100", "汐城市民政局", "Xicheng Civil Affairs Bureau"),
    ("11870000DEM000073H", "8700000000073", "hub/870000", "澜海省住房和城乡建设厅", "Lanhai Department of Housing"),
    ("11880000DEM000129Q", "8800000000129", "hub/880000", "云岚省教育厅", "Yunlan Department of Education"),
    ("11880000DEM000137K", "8800000000137", "hub/880000", "云岚省政务数据局", "Yunlan Government Data Office"),
)
SITES = {  # which body it belongs to, what it is called, where it stands
    "market": (
        "11880100DEM000049A",
        "栖云市市场监管服务网",
        "Qiyun Market Services",
        "云岚省栖云市",
        "Qiyun, Yunlan Province",
    ),
    "civil": (
        "11870100DEM000065U",
        "汐城市民政服务网",
        "Xicheng Civil Services",
        "澜海省汐城市",
        "Xicheng, Lanhai Province",
    ),
}
SITES["yunlan"] = (
    "11880000DEM000137K",
    "云岚省惠企服务网",
    "Yunlan Benefits for Companies",
    "云岚省",
    "Yunlan Province",
)
ISSUING = ("licenses:issue", "licenses:read", "licenses:change")
API = {"market": ISSUING, "civil": ISSUING, "yunlan": ("data:list",)}


def seed(house: House, sites: Mapping[str, tuple[Path, str]], now: datetime) -> None:
    """Fill an initialised installation. Each site gets a file with its own settings and key, for its own address."""
    with house.database.write() as db:
        for one in PLACES:
            tree.keep(db, one)
    with house.database.read() as db:
        sealed = {agency.code for agency in seals.agencies(db) if seals.seals(db, agency=agency.code)}
    for code, code13, place, name, name_en in AGENCIES:
        if code not in sealed:
            lifecycle.make_seal(house, Agency(code, name, name_en, place), code13=code13, by="demo", now=now)
    for name, (file, url) in sites.items():
        if not file.exists():
            _site(house, file, name, url, now)
    seed_services(house, now)
    seed_sharing(house, now)
    seed_desk(house, now)


def _site(house: House, file: Path, name: str, url: str, now: datetime) -> None:
    """Register a department's site. It proves itself by private_key_jwt with a key of its own, made here once."""
    agency, title, title_en, place, place_en = SITES[name]
    key = jwk.fresh_jwk()
    clients.add(house, _client(name, url, key), by="demo", now=now)
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
        "place": place,
        "place_en": place_en,
        "api_scope": " ".join(API[name]),
        "hub_key": house.keys.jwk("data-1"),  # handed over when a platform is registered
        "cookie_secret": secrets.token_hex(32),
    }
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.write_text(json.dumps(settings, indent=1, ensure_ascii=False), encoding="utf-8")


def site_settings(file: Path) -> dict[str, Any]:
    """What a site's own file says."""
    settings: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return settings


def _client(name: str, url: str, key: Mapping[str, str]) -> Client:
    agency, title, title_en, *_ = SITES[name]
    body, body_en = next(names for code, _, _, *names in AGENCIES if code == agency)
    public = {member: key[member] for member in ("kty", "crv", "x", "y", "kid")} | {"use": "sig", "alg": "ES256"}
    return Client(
        id=f"demo-{name}",
        name=title,
        name_en=title_en,
        agency=agency,
        agency_name=body,
        agency_name_en=body_en,
        place=next(place for code, _, place, *_ in AGENCIES if code == agency),
        auth=ClientAuth.private_key_jwt,
        keys=(public,),
        redirect_uris=(f"{url}/callback",),
        post_logout_uris=(f"{url}/",),
        backchannel_logout_uri=f"{url}/backchannel-logout",
        grant_types=(GrantType.code, GrantType.refresh, GrantType.client_credentials),
        scopes=("openid", "profile", "realname", "company", "offline_access", *API[name]),
        id_token_algorithm="ES256",
        level=2,
        sector=urlsplit(url).netloc,  # all sites of the demo share one host; departments are told apart by their ports
        purpose="办理本部门的政务服务事项",
        purpose_en="To handle your applications with this department",
    )
