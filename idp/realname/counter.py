"""Level 4 for an account: an officer sees person and document, and a code shown in the account says whose account it is."""

import secrets
from datetime import datetime
from typing import ClassVar

from hub import limits
from hub.callers import Caller
from hub.digest import digest_of
from hub.house import House
from hub.limits import Limit
from hub.problems import Problem
from hub.steps import step
from idp import attended, proofs
from idp.model.person import Level, Person
from idp.model.realname import Form, Stage
from idp.realname.claim import claim, tell
from idp.realname.standing import in_use, load, move

ALPHABET = "ABCDEFGHJKMNPQRSTVWXYZ23456789"  # no letter that is read as another, or as a digit
LENGTH = 8  # 39 bits, for ten minutes, typed by an officer
SECONDS = 600
PER_PERSON = Limit("counter-code", 10, 3600)
PER_OFFICER = Limit("counter-codes", 20, 3600, guessing=True)


class CodeUnknown(Problem):
    """No account shows this code now."""

    status: ClassVar[int] = 422
    title: ClassVar[str] = "This code is not valid"
    advice: ClassVar[str] = "Let the visitor show a new code: each is good for ten minutes and for one use."


def counter_code(house: House, person_id: str) -> str:
    """A code that the person shows at a counter within ten minutes: that this account is his. Raises TooMany."""
    limits.check(house.shared, PER_PERSON, person_id)
    code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    house.shared.put(_key(code), person_id, SECONDS)  # if it is lost, he shows another one
    return f"{code[:4]}-{code[4:]}"


def attend(
    house: House,
    code: str,
    name: str,
    number: str,
    *,
    country: str = "",
    born: str = "",
    visit: str,
    document: str,
    by: Caller,
    now: datetime,
) -> Person:
    """The account that shows this code belongs to the person with this name and number: level 4, for the account.

    Raises CodeUnknown, NumberTaken (also where the account proved another number), and what `attended.identify` raises.
    """
    limits.check(house.shared, PER_OFFICER, by.person or "")
    seen = attended.saw(house, Form(name, number, country, born), by=by, now=now)
    account = house.shared.take(_key(code))  # the code is used up, whatever follows
    if account is None:
        raise CodeUnknown("No account shows this code")
    with house.database.write() as db:
        in_use(db, account.decode())
        found = load(house, db, account.decode())
        proved = claim(house, db, found, seen.paper.form, seen.paper.type_code, Level.attended, now)
        proof = seen.evidence(proved.id, document, by, now)
        move(house, db, found, Stage.done, now, form=None, check="", binding="", reminded=None)
        proofs.keep(db, proof)
        tell(house, db, found.person, proved, proof, now, visit=visit, document=document)
    step(house, "realname", "attended")
    return proved


def _key(code: str) -> str:
    plain = "".join(sign for sign in code.upper() if sign in ALPHABET)
    return f"idp:counter-code:{digest_of(plain)}"
