"""Fictional data for one license of each kind (prefixes 87 and 88 belong to no region)."""

from datetime import UTC, date, datetime
from typing import Any

from licenses import kinds, record
from licenses.identifier import Identifier
from licenses.record import Record
from seals.model import Agency

NOW = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)
SALT = bytes(range(16))
MARKET = Agency(
    "11880100DEM000049A", "栖云市市场监督管理局", "Qiyun Administration for Market Regulation", "hub/880000/880100"
)
POLICE = Agency(
    "11880000DEM000022D", "云岚省示范公安厅", "Yunlan Demonstration Public Security Department", "hub/880000"
)

BUSINESS: dict[str, Any] = {
    "unified_code": "91880101DEM000081U",
    "name": "望舒示范餐饮有限公司",
    "name_en": "Wangshu Demonstration Catering Co., Ltd.",
    "company_type": "有限责任公司（自然人投资或控股）",
    "company_type_en": "Limited liability company",
    "legal_representative": "欧阳示例",
    "legal_representative_en": "Ouyang Shili",
    "registered_capital": 5_000_000,
    "established": "2019-04-18",
    "domicile": "栖云市望舒区示范路88号12层1203室",
    "domicile_en": "Rm 1203, 88 Shifan Rd, Wangshu District, Qiyun",
    "scope": "餐饮服务；食品销售；外卖递送服务；会议及展览服务；食品互联网销售。"
    "（依法须经批准的项目，经相关部门批准后方可开展经营活动）",
}
FOOD: dict[str, Any] = {
    "license_number": "JY28801010000017",
    "operator": "望舒示范餐饮有限公司",
    "operator_en": "Wangshu Demonstration Catering Co., Ltd.",
    "unified_code": "91880101DEM000081U",
    "legal_representative": "欧阳示例",
    "legal_representative_en": "Ouyang Shili",
    "domicile": "栖云市望舒区示范路88号12层1203室",
    "domicile_en": "Rm 1203, 88 Shifan Rd, Wangshu District, Qiyun",
    "premises": "栖云市望舒区示范路90号一层",
    "premises_en": "Ground floor, 90 Shifan Rd, Wangshu District, Qiyun",
    "business_kind": "餐饮服务经营者",
    "items": "热食类食品制售；冷食类食品制售（含肉类）；自制饮品制售；预包装食品销售",
    "items_en": "Hot dishes; cold dishes (with meat); own drinks; prepacked food",
    "complaints": "100-8800-0049",
}
RESIDENCE: dict[str, Any] = {
    "name": "示例甲",
    "name_en": "Shili Jia",
    "sex": "男",
    "ethnicity": "汉",
    "ethnicity_en": "Han",
    "birth_date": "1985-03-12",
    "citizen_number": "880101198503120015",
    "registered_address": "云岚省栖云市望舒区示范路12号3单元401室",
    "residence": "澜海省汐城市示范区观潮街9号2幢1502室",
}
SAMPLES: dict[str, tuple[dict[str, Any], Agency]] = {
    "business-license": (BUSINESS, MARKET),
    "food-business-license": (FOOD, MARKET),
    "residence-permit": (RESIDENCE, POLICE),
}


def identifier(kind: kinds.Kind, agency: Agency) -> Identifier:
    return Identifier.make(kind.code, agency.code, "20260000307", test_edition=True)


def sample(slug: str, **changed: Any) -> Record:
    """The record of a sample license, with some fields changed (None takes one out)."""
    kind, (fields, agency) = kinds.named(slug), SAMPLES[slug]
    wanted = {key: value for key, value in (fields | changed).items() if value is not None}
    checked = kind.check(wanted, NOW)
    since = date(2026, 11, 22)
    return record.make(
        kind,
        identifier(kind, agency),
        checked,
        issuer=agency,
        issued=NOW,
        valid_from=since,
        valid_until=kind.valid_until(since, None, checked),
        salt=SALT,
    )
