"""Two bodies that share data, as the tests play them: a province that asks, a city that answers on a platform of its own."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flask import Flask, Response, request
from joserfc import jws
from joserfc.jwk import ECKey, KeySet

from admin import sharing
from admin.model.item import Audience, LifeEvent, ServiceItem
from admin.model.item import State as ItemState
from admin.model.sharing import DataRequest, Entry, Field, Sensitivity, Sharing
from admin.store import items
from hub import clock, tree
from hub.callers import Caller
from hub.house import House
from idp.model.client import ClientAuth
from idp.provider import clients
from idp.store import data as permissions
from seals import lifecycle
from seals.model import Agency
from tests.admin import offices
from tests.idp.rp import Visit, department

PROVINCE, CITY = "hub/880000", "hub/880000/880100"
OFFICE, MARKET = "11880000DEM000137K", "11880100DEM000049A"
ITEM = f"{OFFICE}-0001"
PLATFORM = "http://localhost:8003"
KEY = ECKey.generate_key("P-256", parameters={"kid": "platform-1"})
FIELDS = (
    Field("name", "名称", "Name"),
    Field("score", "信用等级", "Credit grade", Sensitivity.personal),
    Field("phone", "联系电话", "Telephone", Sensitivity.sensitive),
)
ASKER = Caller(person="p-asker", place=PROVINCE)
PROVIDER = Caller(person="p-provider", place=CITY)
SECOND = Caller(person="p-second", place=CITY)


@dataclass
class Platform:
    """The city's platform; each test may spoil what it answers."""

    house: House
    data: dict[str, Any] = field(default_factory=lambda: {"name": "示范公司", "score": "A", "phone": "100 0000 0000"})
    key: ECKey = field(default_factory=lambda: KEY)
    kid: str = "platform-1"
    typ: str = "data+jwt"
    status: int = 200
    seconds: float = 0.0
    claims: dict[str, Any] = field(default_factory=dict)
    body: str = ""
    meanwhile: Callable[[], None] = lambda: None
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def app(self) -> Flask:
        made = Flask("platform")

        @made.post("/data")
        def answer() -> Response:
            keys = KeySet.import_key_set(json.loads(self.house_jwks()))
            question = json.loads(jws.deserialize_compact(request.get_data(), keys, algorithms=["ES256"]).payload)
            self.asked.append(question)
            self.headers.append(dict(request.headers))
            self.meanwhile()
            time.sleep(self.seconds)
            claims = {
                "iss": "demo-market",
                "aud": question["iss"],
                "iat": int(clock.now().timestamp()),
                "in_reply_to": question["jti"],
                "data": self.data,
            } | self.claims
            head = {"alg": "ES256", "typ": self.typ, "kid": self.kid}
            token = self.body or jws.serialize_compact(head, json.dumps(claims), self.key, algorithms=["ES256"])
            return Response(token, self.status, content_type="application/jwt")

        return made

    def house_jwks(self) -> str:
        from admin import sources

        return sources.jwks(self.house)


@dataclass
class Bodies:
    """Everything two bodies need before the first request."""

    house: House
    app: Flask
    now: datetime
    visit: Visit = field(init=False)
    platform: Platform = field(init=False)
    entry: Entry = field(init=False)

    def __post_init__(self) -> None:
        with self.house.database.write() as db:
            for path in (PROVINCE, CITY):
                tree.keep(db, tree.at(path, path, path))
        lifecycle.make_seal(
            self.house, Agency(MARKET, "栖云市市场监督管理局", "Qiyun Market Regulation", CITY), code13="8801010000017",
            by="test", now=self.now,
        )  # fmt: skip
        keyed = {"auth": ClientAuth.private_key_jwt, "secret_digest": "", "keys": (dict(KEY.as_dict(private=False)),)}
        market = department(id="demo-market", place=CITY, agency=MARKET, **keyed)
        clients.add(self.house, market, by="test", now=self.now)
        asks = department(
            id="demo-yunlan", place=PROVINCE, agency=OFFICE, name_en="Yunlan Benefits", sector="yunlan.example"
        )
        self.visit = Visit(self.house, self.app, asks)
        self.visit.signs_in()
        with self.house.database.write() as db:
            items.keep(db, _item(self.now))
        self.platform = Platform(self.house)
        self.house.fetch.serve_here(PLATFORM, self.platform.app())
        self.entry = self.offer()
        offices.proved(self.house, "p-asker", "p-provider", "p-second", "p-over-both")

    def offer(self, **changes: Any) -> Entry:
        """Put an entry of the city into the catalogue."""
        values: dict[str, Any] = {
            "id": "",
            "name": "企业信用信息",
            "name_en": "Credit of companies",
            "agency": MARKET,
            "place": CITY,
            "fields": FIELDS,
            "sharing": Sharing.conditional,
            "basis": "示范共享条例",
            "basis_en": "Demonstration rules on sharing",
            "source": f"endpoint:{PLATFORM}/data",
            "client": "demo-market",
        }
        return sharing.offer(self.house, Entry(**(values | changes)), by=PROVIDER, now=self.now)

    def wanted(self, **changes: Any) -> sharing.Wanted:
        """What the province's officer asks for."""
        values: dict[str, Any] = {
            "entry": self.entry.id,
            "fields": ("name", "score"),
            "client": "demo-yunlan",
            "item": ITEM,
            "purpose": "核发惠企补贴",
            "purpose_en": "To pay a benefit to companies",
            "basis": "示范补贴办法",
            "per_day": 3,
            "until": self.now + timedelta(days=30),
        }
        return sharing.Wanted(**(values | changes))

    def asked(self, by: Caller = ASKER, **changes: Any) -> DataRequest:
        return sharing.ask(self.house, self.wanted(**changes), by=by, now=self.now)

    def granted(self, **changes: Any) -> DataRequest:
        """A request that the city granted."""
        made = self.asked(**changes)
        return sharing.decide(self.house, made.id, approve=True, reason="", by=PROVIDER, now=self.now)

    def allowed(self, grant: DataRequest) -> str:
        """The access token of a person who said yes to this grant."""
        from idp.consent import data

        with self.house.database.write() as db:
            permission = permissions.permission(db, grant.id)
            assert permission is not None
            data.allow(db, self.visit.person, None, permission, now=clock.now())
        details = json.dumps([{"type": "urn:yinxin:data", "grant": grant.id}])
        return str(self.visit.tokens(authorization_details=details, prompt="none")["access_token"])

    def call(self, token: str, grant: str, **changes: Any) -> Any:
        """What the province's program sends."""
        body = {"grant": grant, "purpose": ITEM} | changes
        sent = {name: value for name, value in body.items() if value is not None}
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self.visit.program.post("/api/sharing/data", json=sent, headers=headers)


def _item(now: datetime) -> ServiceItem:
    return ServiceItem(
        code=ITEM, name="惠企补贴", name_en="Benefits for companies", agency=OFFICE, place=PROVINCE, region="880000",
        life_event=LifeEvent.running, audience=Audience.both, level=2, kind="", licenses=(), materials=(),
        legal_basis="示范办法", legal_basis_en="Demonstration rules", promised_days=5, statutory_days=10, online=True,
        state=ItemState.production, changed=now,
    )  # fmt: skip
