"""A department that issues: its place, agency and seal."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from hub import tree
from hub.callers import Caller
from hub.house import House
from hub.tree import Place
from licenses.issue import issue
from licenses.model import Application, License
from seals import lifecycle
from seals.model import Agency, Seal

QIYUN = Agency(
    "11880100DEM000049A", "栖云市市场监督管理局", "Qiyun Administration for Market Regulation", "hub/880000/880100"
)
COMPANY = {
    "unified_code": "91880101DEM000081U",
    "name": "望舒示范餐饮有限公司",
    "name_en": "Wangshu Demonstration Catering Co., Ltd.",
    "company_type": "有限责任公司（自然人投资或控股）",
    "legal_representative": "欧阳示例",
    "registered_capital": 5000000,
    "established": "2019-04-18",
    "domicile": "栖云市望舒区示范路88号12层1203室",
    "scope": "餐饮服务；食品销售；外卖递送服务；会议及展览服务。",
}


@dataclass(frozen=True)
class Department:
    """An agency with a seal and a program that issues for it."""

    house: House
    seal: Seal
    caller: Caller
    now: datetime

    def application(self: Any, **fields: object) -> Application:
        return Application("business-license", COMPANY | fields, QIYUN.code)

    def issue(self: Any, key: str = "first", **fields: object) -> License:
        return issue(self.house, self.application(**fields), caller=self.caller, idempotency_key=key, now=self.now)


def department_in(house: House, now: datetime, **wanted: Any) -> Department:
    with house.database.write() as db:
        tree.keep(db, Place("hub/880000", "province", "880000", "云岚省", "Yunlan"))
        tree.keep(db, Place("hub/880000/880100", "city", "880100", "栖云市", "Qiyun"))
    seal = lifecycle.make_seal(house, QIYUN, code13="8801010000017", by="test", now=now, **wanted)
    return Department(house, seal, Caller(client="market", agency=QIYUN.code, place=QIYUN.place), now)


@pytest.fixture
def department(house: House, now: datetime) -> Department:
    return department_in(house, now)


@pytest.fixture
def department_on(house_on: House, now: datetime) -> Department:
    return department_in(house_on, now)
