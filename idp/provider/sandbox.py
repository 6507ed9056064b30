"""A department's program on trial: only its named testers sign in, and it learns invented people, never a real name.

Its subjects belong to a sector of its own, and it has no access to the API: nothing of production reaches it.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from hub.house import House
from hub.problems import NotAllowed
from idp.model.client import Client
from idp.model.grant import Grant
from idp.model.mandate import EVERYTHING, Mandate, Role
from idp.model.person import Profile, account_name
from idp.model.realname import Evidence
from idp.store import people

# Nobody's: prefix 88 is assigned to no region. The same for every tester, so that a program cannot tell them by it.
EXAMPLE = {"name": "示例甲", "number": "880101198503120015", "number_type": "111"}
COMPANY = {"code": "91880101DEM000081U", "name": "望舒示范餐饮有限公司", "role": Role.legal_representative.value}


class OnlyTesters(NotAllowed):
    """The program is on trial, and the person is not one of those who try it."""

    title = "This service is still being tried out"
    advice = "Only its testers can sign in. Use the department's real site, or ask its developers to name you a tester."


def admits(house: House, client: Client, person: str) -> None:
    """Let everybody in where a client is no sandbox; else its named testers. Raises OnlyTesters."""
    if not client.sandbox:
        return
    with house.database.read() as db:
        key = people.account_key_of(db, person)
    if key is None or key not in client.testers:
        raise OnlyTesters("%(name)s is a sandbox", name=client.id)


def profile(client: Client, real: Profile) -> Profile:
    """What a client may be told of a person: a sandbox is told of nobody real."""
    return Profile(account="", **EXAMPLE) if client.sandbox else real


def company(client: Client, real: str) -> str:
    """For whom a client may be told that a person acts."""
    return f"{COMPANY['name']} ({COMPANY['code']})" if client.sandbox else real


def mandates(client: Client, real: Sequence[Mandate]) -> Sequence[Mandate]:
    """By what mandates a client may be told that a person acts."""
    if not client.sandbox:
        return real
    return [replace(one, role=Role.legal_representative, matters=EVERYTHING, until=None) for one in real[:1]]


def told(grant: Grant, names: Collection[str]) -> dict[str, Any]:
    """The claims about an invented person, in the form of the real ones."""
    said: dict[str, Any] = {name: value for name, value in EXAMPLE.items() if name in names}
    if "company" in names and grant.acting_for:
        said["company"] = COMPANY
    return said


def evidence(at: datetime) -> Evidence:
    """How the invented person was verified: no register was asked, and nothing of it stands in the ledger."""
    return Evidence("", "match", 2, "sandbox", "sandbox", "", "", at)


def tester(house: House, account: str) -> str:
    """How a tester is kept: the keyed index of an account name, whether or not there is one. Raises AccountNameWrong."""
    return people.account_key(house.vault, account_name(account))
