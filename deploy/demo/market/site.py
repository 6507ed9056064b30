"""What the market regulator issues."""

from typing import Any

from flask import Flask

from deploy.demo.department import from_file
from deploy.demo.department.desk import Claims, Desk

COMPANY = "001"  # the type of a unified code among numbers
EXAMPLE = {
    "unified_code": "91880101DEM000081U",
    "name": "望舒示范餐饮有限公司",
    "name_en": "Wangshu Demonstration Catering Co., Ltd.",
    "company_type": "有限责任公司（自然人投资或控股）",
    "company_type_en": "Limited liability company",
    "legal_representative": "欧阳示例",
    "registered_capital": 5000000,
    "established": "2019-04-18",
    "domicile": "栖云市望舒区示范路88号12层1203室",
    "scope": "餐饮服务；食品销售；外卖递送服务；会议及展览服务。",
}


def of_company(claims: Claims) -> dict[str, Any]:
    """The company for which the visitor acts becomes the holder."""
    company = claims.get("company")
    if not company or company["code"] == EXAMPLE["unified_code"]:
        return {}
    return {
        "unified_code": company["code"],
        "name": company["name"],
        "name_en": "",
        "legal_representative": claims.get("act", {}).get("name", ""),
    }


def credit_of(question: Claims) -> dict[str, Any] | None:
    """What other bodies may ask about a company: whether it reported in time, and its grade. Invented from its code."""
    holder = question.get("holder", {})
    if holder.get("number_type") != COMPANY:
        return None
    code = str(holder["number"])
    grade = "AB"[sum(map(ord, code)) % 2]
    return {
        "unified_code": code,
        "credit_grade": grade,
        "last_report": "2025",
        "abnormal": "无",
        "contact": "100 8801 0049",
    }


DESK = Desk("business-license", "营业执照", "business license", EXAMPLE, of_company, mark="teal", held=credit_of)


def from_environment() -> Flask:
    """For a WSGI server."""
    return from_file.site(DESK)
