"""The national network identity: a code that means a person here and nowhere else. No name, no number, and none is stored.

Who has proved a number needs none, and must not raise its level by it: nothing says that the two are one person. The other way
round is open: whoever is known by a network identity proves name, number and face when a service needs them.
"""

import hmac
import json
from dataclasses import replace
from datetime import datetime

from hub import limits
from hub.digest import digest_of
from hub.house import House
from hub.limits import Limit
from hub.steps import step
from idp import proofs, registers
from idp.model.person import Level, Person
from idp.model.realname import HasNumber, LiveCheckFailed, NotYours, RegisterLater, WrongStep
from idp.realname.claim import tell
from idp.realname.standing import in_use, load
from idp.registers import Answer
from idp.store import people

SECONDS = 900  # to find the telephone, open the app and approve
PER_PERSON = Limit("network-id", 10, 3600)


def begin_network_id(house: House, person_id: str, return_url: str, *, binding: str, now: datetime) -> str:
    """The address at which the person approves. Raises HasNumber, RegisterLater, TooMany."""
    _is_free(house, person_id)
    limits.check(house.shared, PER_PERSON, person_id)
    answer = registers.begin_network_id(house, return_url, now)
    page, request = answer.text("page"), answer.text("request")
    if not answer.match or not request or not page.startswith(f"{registers.address(house, answer.source)}/"):
        raise RegisterLater("The network identity service cannot be asked just now")
    waiting = json.dumps({"person": person_id, "binding": binding})
    house.shared.put(_key(request), waiting, SECONDS)  # if it is lost, the person begins again
    step(house, "realname", "network-id-begun")
    return page


def end_network_id(house: House, person_id: str, *, request: str, ticket: str, binding: str, now: datetime) -> Person:
    """Fetch who approved, and at which level: 2 or 3. Gives the person as he stands now.

    Raises NotYours, WrongStep, LiveCheckFailed, RegisterLater, HasNumber, NumberTaken.
    """
    kept = house.shared.take(_key(request)) if request else None
    if kept is None or not ticket:
        raise WrongStep("No request of this kind is open")
    waiting = json.loads(kept)
    if waiting["person"] != person_id or not hmac.compare_digest(waiting["binding"], binding):
        raise NotYours("The request was begun in another session")
    answer = registers.network_id(house, request, ticket, now)
    level = answer.facts.get("level")
    if not answer.match or not answer.text("pseudonym") or not isinstance(level, int):
        raise LiveCheckFailed("You did not approve, or the approval ended")
    proved = _known(house, person_id, answer, Level(min(max(level, Level.stated), Level.present)), now)
    step(house, "realname", "network-id-passed")
    return proved


def _known(house: House, person_id: str, answer: Answer, level: Level, now: datetime) -> Person:
    key = house.vault.blind("network-id", answer.text("pseudonym"))
    proof = proofs.of(answer, person_id, "network-id", level, now, kind="network-id")
    with house.database.write() as db:
        in_use(db, person_id)
        found = load(house, db, person_id)
        person = replace(found.person, pseudonym_key=key, level=max(found.person.level, level), proved=now)
        people.claim_pseudonym(db, person)
        proofs.keep(db, proof)
        tell(house, db, found.person, person, proof, now)
    return person


def _is_free(house: House, person_id: str) -> None:
    with house.database.read() as db:
        if load(house, db, person_id).person.holder_key is not None:
            raise HasNumber("This account has a number")


def _key(request: str) -> str:
    return f"idp:network-id:{digest_of(request)}"
