"""What the civil affairs bureau issues."""

from typing import Any

from flask import Flask

from deploy.demo.department import from_file
from deploy.demo.department.desk import Claims, Desk

CITIZEN = "111"  # GA/T 2000.156: a citizen's number, which tells day of birth and sex
EXAMPLE = {
    "name": "示例甲",
    "sex": "男",
    "ethnicity": "汉",
    "birth_date": "1985-03-12",
    "citizen_number": "880101198503120015",
    "registered_address": "云岚省栖云市望舒区示范路1号",
    "residence": "澜海省汐城市听潮街2号",
}


def of_citizen(claims: Claims) -> dict[str, Any]:
    """The visitor becomes the holder, if it is a citizen's number that was proved."""
    number = str(claims.get("number", ""))
    if claims.get("number_type") != CITIZEN or len(number) != 18:
        return {}
    return {
        "name": claims["name"],
        "sex": "男" if int(number[16]) % 2 else "女",
        "birth_date": f"{number[6:10]}-{number[10:12]}-{number[12:14]}",
        "citizen_number": number,
    }


DESK = Desk("residence-permit", "居住证", "residence permit", EXAMPLE, of_citizen, mark="blue")


def from_environment() -> Flask:
    """For a WSGI server."""
    return from_file.site(DESK)
