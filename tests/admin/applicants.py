"""A company with a business license, its representative, and the office that decides: for the tests of applications."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from admin import papers, prefill
from admin.apply import submit
from admin.model.case import Case, Material
from admin.model.item import Audience, LifeEvent, ServiceItem, State
from admin.store import cases as store
from admin.store import items
from hub import callers
from hub.callers import Caller
from hub.house import House
from idp.model.mandate import Mandate, Role
from idp.model.organization import Organization
from idp.store import mandates, organizations
from licenses import kinds
from seals import store as seals
from tests.licenses.conftest import COMPANY as HOLDER
from tests.licenses.conftest import QIYUN, Department, department_in

COMPANY: dict[str, Any] = dict(HOLDER)
CODE: str = COMPANY["unified_code"]
ITEM = f"{QIYUN.code}-0001"
PAPERS = ("经营场所的平面布置图",)
WROTE = {
    "premises": "栖云市望舒区示范路90号一层",
    "business_kind": "餐饮服务经营者",
    "items": "热食类食品制售；自制饮品制售",
}
PDF = b"%PDF-1.7 a plan of the place of business"
RIGHTS = frozenset({"see", "cases"})


class World:
    """The house with all of them. `paper` is the key of the one paper that is not a license."""

    def __init__(self, house: House, now: datetime, *, licensed: bool = True) -> None:
        self.house, self.now = house, now
        self.department = office(house, now)
        self.item = food(now)
        with house.database.write() as db:
            items.keep(db, self.item)
            organizations.keep(db, Organization(CODE, COMPANY["name"], self.key, now))
            mandates.add(db, Mandate("m", CODE, "citizen", Role.legal_representative, now))
        self.license = self.department.issue() if licensed else None

    @property
    def key(self) -> str:
        return self.house.vault.blind("holder", f"001:{CODE}")

    @property
    def citizen(self) -> Caller:
        return Caller(
            person="citizen",
            level=3,
            amr=("pwd",),
            auth_time=self.now,
            sid="s",
            acting_for=CODE,
            holder_keys=(self.key,),
        )

    @property
    def himself(self) -> Caller:
        return replace(self.citizen, acting_for=None, holder_keys=(self.house.vault.blind("holder", "111:x"),))

    @property
    def paper(self) -> str:
        return next(one.key for one in self.materials if one.words)

    @property
    def materials(self) -> tuple[Material, ...]:
        return papers.materials(prefill.prefill(self.house, self.item, self.citizen, self.now), {})

    def officer(self, person: str = "officer", place: str = QIYUN.place) -> Caller:
        factors = ("pwd", "otp", "mfa")
        return Caller(person=person, level=1, amr=factors, auth_time=self.now, sid=person, place=place, rights=RIGHTS)

    def submitted(self, key: str = "k1", **changed: Any) -> Case:
        """An application, by the verb."""
        with self.house.database.write() as db:
            store.keep_file(db, self.house.vault, key, self.paper, PDF)
        given: dict[str, Any] = {"caller": self.citizen, "key": key, "files": {self.paper: "plan.pdf"}, "now": self.now}
        item, fields = changed.pop("item", self.item), changed.pop("fields", WROTE)
        return submit(self.house, item, fields, **given | changed)

    def case(self, number: str) -> Case:
        with self.house.database.read() as db:
            return store.case(db, number)

    def cookie(self, kind: str, who: Caller) -> tuple[str, str]:
        with self.house.database.write() as db:
            return self.house.settings.cookie(kind), callers.open_session(db, kind, who, now=self.now, hours=100)


def office(house: House, now: datetime) -> Department:
    """The agency with its seal, made once."""
    with house.database.read() as db:
        sealed = seals.seals(db, agency=QIYUN.code)
    if not sealed:
        return department_in(house, now)
    return Department(house, sealed[0], Caller(client="market", agency=QIYUN.code, place=QIYUN.place), now)


def food(now: datetime, **changed: Any) -> ServiceItem:
    """The service that is applied for."""
    item = ServiceItem(
        code=ITEM,
        name="食品经营许可证核发",
        name_en="Food business license",
        agency=QIYUN.code,
        place=QIYUN.place,
        region="880100",
        life_event=LifeEvent.business,
        audience=Audience.company,
        level=3,
        kind=kinds.named("food-business-license").code,
        licenses=(kinds.named("business-license").code,),
        materials=PAPERS,
        materials_en=("A plan of the place of business",),
        legal_basis="食品安全法第三十五条",
        legal_basis_en="Food Safety Law, Article 35",
        promised_days=10,
        statutory_days=20,
        online=True,
        state=State.production,
        changed=now,
    )
    return replace(item, **changed)
