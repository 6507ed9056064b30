"""The demo's officers: each comes in by a one-time link like everybody else, with a password and an authenticator app."""

import base64
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from admin import operators
from admin.model.operator import Right
from hub.callers import Caller
from hub.house import House
from idp import demo
from idp.account import accounts, invite
from idp.demo import fresh_password
from idp.login import totp
from idp.model.person import AccountNameTaken
from idp.model.realname import RegisterLater


@dataclass(frozen=True)
class Officer:
    """Someone in an office. Nobody holds all rights: what takes two needs another one of these."""

    who: str
    account: str
    place: str
    rights: frozenset[Right]
    name: str  # as the demo's register knows him
    number: str


QIYUN = "hub/880000/880100"
OFFICERS = (
    Officer(
        "栖云经办 officer",
        "qiyun.jingban",
        QIYUN,
        frozenset(
            {
                Right.see,
                Right.services,
                Right.cases,
                Right.counter,
                Right.sharing,
                Right.desk,
                Right.people,
                Right.seals,
            }
        ),
        "示例经办",
        "880101198001050117",
    ),
    Officer(
        "栖云复核 approver",
        "qiyun.fuhe",
        QIYUN,
        frozenset(
            {
                Right.see,
                Right.approve,
                Right.cases,
                Right.desk,
                Right.licenses,
                Right.seals,
                Right.sharing,
                Right.filing,
            }
        ),
        "示例复核",
        "880101198202060127",
    ),
    Officer(
        "云岚数据 data officer",
        "yunlan.shuju",
        "hub/880000",
        frozenset({Right.see, Right.services, Right.sharing, Right.making}),
        "示例数据",
        "880101198403070137",
    ),
    Officer(
        "枢纽监督 supervisor",
        "hub.jiandu",
        "hub",
        frozenset({Right.see, Right.supervision, Right.desk}),
        "示例监督",
        "880101198604080147",
    ),
)


def seed_officers(house: House, now: datetime) -> list[dict[str, str]]:
    """Make the officers; gives who, account, password and the key of the authenticator app of each. Again: nothing."""
    made = []
    for officer in OFFICERS:
        password = fresh_password()
        link = operators.invite(house, officer.who, officer.place, officer.rights, by=None, now=now)
        try:
            person = invite.take(house, link.rpartition("/")[2], officer.account, password, now=now)
        except AccountNameTaken:
            continue
        caller = Caller(person=person.id)
        key = accounts.new_totp_key(house, caller)
        with suppress(RegisterLater):  # then nothing that takes two can be asked or decided until the name is proved
            demo.prove(house, person.id, demo.Figure(officer.who, officer.account, officer.name, officer.number), now)
        # The code before this one: it is used up here, and the officer may want to sign in at once.
        accounts.add_totp(house, caller, totp.code(key, int(now.timestamp()) // totp.STEP - 1), now=now)
        made.append(
            {
                "who": officer.who,
                "account": officer.account,
                "password": password,
                "app": base64.b32encode(key).decode(),
            }
        )
    return made
