"""Demo accounts: fictional people who prove their names by the same path as everybody else."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl, urlsplit

from hub.house import House
from hub.problems import NotAllowed
from idp import realname
from idp.account import accounts
from idp.acting import companies
from idp.model.person import AccountNameTaken
from idp.model.realname import RegisterLater

SYLLABLES = (
    "an bai bo chen chun dan dong fang feng gao gu hai han he hong hua jia jiang jing lan le li lin ling liu lu "
    "mei meng min ming nan ning ping qian qing qiu ran rong rui shan shu shui song su tang tao tian wan wei wen "
    "xi xia xiang xin xing xue ya yan yang ye yi yin ying yong you yu yuan yue yun ze zhen zhi zhong zhou zhu"
)


@dataclass(frozen=True)
class Figure:
    """A fictional person of the demo, and the organisation that the person represents, if any."""

    who: str
    account: str
    name: str
    number: str
    company: str = ""


FIGURES = (
    Figure("示例甲 citizen", "shili.jia", "示例甲", "880101198503120015"),
    Figure("欧阳示例 company", "ouyang.shili", "欧阳示例", "880101199107260029", "91880101DEM000081U"),
)


def demo_people(house: House, now: datetime) -> list[dict[str, str]]:
    """Make the demo's accounts; gives who, account and password of each, to be shown once.

    Their names are proved at the register if it answers; else the page asks for it later. Raises NotAllowed outside of the demo.
    """
    if not house.settings.test_edition:
        raise NotAllowed("Demo accounts belong into a demo")
    return [_made(house, figure, now) for figure in FIGURES]


def fresh_password() -> str:
    """Eight syllables, good to read and type: 53 random bits."""
    return "-".join(secrets.choice(SYLLABLES.split()) + secrets.choice(SYLLABLES.split()) for _ in range(4))


def _made(house: House, figure: Figure, now: datetime) -> dict[str, str]:
    password = fresh_password()
    try:
        person = accounts.register(house, figure.account, password, now=now)
        prove(house, person.id, figure, now)
    except AccountNameTaken:
        password = "(as shown at the first start)"
    except RegisterLater:
        pass  # the account is there; its owner proves the name when the register answers again
    return {"who": figure.who, "account": figure.account, "password": password}


def prove(house: House, person: str, figure: Figure, now: datetime) -> None:
    """Prove a fictional name at the sandbox register, up to the live check. Raises RegisterLater."""
    realname.match(house, person, figure.name, figure.number, now=now)
    back = f"{house.settings.issuer_url}/realname/live"
    page = realname.begin_live_check(house, person, back, binding="demo", now=now)
    sent = house.fetch.post(page, form={"outcome": "match"})  # what a person would press on the sandbox register's page
    came = dict(parse_qsl(urlsplit(sent.headers.get("location", "")).query))
    ticket = came.get("ticket", "")
    realname.end_live_check(house, person, check=came.get("check", ""), ticket=ticket, binding="demo", now=now)
    if figure.company:
        companies.claim(house, person, figure.company, now=now)
