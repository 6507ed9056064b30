"""Carrying out the plan of a ceremony, step by step; looking afterwards whether what is told of it is true.

Each step looks first whether its result is there. So a ceremony that was cut off goes on where it stopped, and no number is
taken twice.
"""

import hashlib
import secrets
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from certs import authority, ceremony, lint, roll, rollover, safe, shares, status, store, trust
from certs.model import ISSUING, ROOT, CeremonyRefused, Certificate, LegalPerson, ShareWrong, profile
from certs.plan import ADDRESSES, Plan, Step, same_person
from certs.safe import is_roots
from certs.transcript import DONE, Transcript, read
from hub import ledger
from hub.house import House, open_house

if TYPE_CHECKING:
    from hub.keys import Keys

KIND, BY = "ceremony.done", "ceremony"
DIGITS = 8  # of the digest, typed by each of the two: nobody types what he has not before him


@dataclass(frozen=True)
class Shares:
    """How shares leave the room and come back. `give` gets every share once; `take` brings as many as are needed."""

    give: Callable[[Sequence[str]], None]
    take: Callable[[int], Sequence[str]]


def perform(
    house: House, plan: Plan, digest: str, people: Sequence[tuple[str, str]], path: Path, between: Shares, now: datetime
) -> Transcript:
    """Do what is left of a plan. `people`: the name that each of the two gave, and the digits that each typed.

    Raises CeremonyRefused, TranscriptWrong, ShareWrong, and what a step raises.
    """
    for check in (_is_the_reviewed_plan, _fits_the_house, _are_two_people):
        check(house, plan, digest, people)
    transcript = Transcript(path, plan.digest)
    performing = _Performing(house, plan, between, now)
    if not transcript.entries:
        named = [{"name": name, "role": _role(plan, name)} for name, _ in people]
        transcript.write(-1, "begun", {"people": named, "organisation": plan.organisation.name}, now)
    for number, step in enumerate(plan.steps):
        if transcript.of_step(number) is None:
            transcript.write(number, str(step), performing.step(step), now)
    if not transcript.is_done:
        trust.vouch_for_keys(performing.house, now)
        transcript.write(-1, DONE, {"steps": len(plan.steps)}, now)
    _tell(house, transcript, now)
    return transcript


def dry_run(house: House, plan: Plan, now: datetime) -> list[str]:
    """Do everything with throw-away keys in a folder that is gone afterwards: built and linted as it would be. A line a step."""
    with tempfile.TemporaryDirectory() as folder:
        given = {"data": Path(folder), "passphrase": SecretStr(secrets.token_hex()), "pkcs11_module": None}
        elsewhere = {"database_url": "", "redis_url": "redis://127.0.0.1:1", "blobs_url": ""}  # nothing there is asked
        there = open_house(house.settings.model_copy(update=given | elsewhere))
        there.database.create_all()
        if not any(step.do == "certify" and step["profile"] == ROOT for step in plan.steps):
            ceremony.create_demo_pki(there, now)  # in place of what stands already
        held: list[str] = []
        performing = _Performing(there, plan, Shares(held.extend, lambda needed: held[:needed]), now)
        if (there.keys.folder / "root.json").exists():
            performing.root = there.keys
        lines = [_said(step, performing.step(step)) for step in plan.steps]
        _certify_a_seal(there, plan.organisation, now)
        there.close()
    return lines


def _certify_a_seal(house: House, holder: LegalPerson, now: datetime) -> None:
    """Whether the CA of seals could do its work: the rules for a legal person are stricter than those for the CA."""
    if roll.generations(house, ISSUING):
        house.keys.create("seal-sample", purpose="seal")
        authority.certify(house, "e-seal", holder, house.keys.public("seal-sample"), now, key="seal-sample")


def verify(house: House, path: Path) -> list[str]:
    """What is wrong with a transcript, seen against the installation: nothing, if the list is empty. Raises TranscriptWrong."""
    entries = read(path)
    found = [] if entries and entries[-1].what == DONE else ["the ceremony did not come to its end"]
    people = entries[0].facts.get("people", []) if entries else []
    if len(people) != 2 or same_person(people[0]["name"], people[1]["name"]):
        found.append("two different people are not named")
    with house.database.read() as db:
        told = {event.facts.get("transcript") for event in ledger.events(db, kind=KIND, limit=1000)}
    if entries and entries[-1].digest not in told:
        found.append("the ledger does not know this transcript")
    for entry in entries:
        if "certificate" in entry.facts:
            found += [f"{entry.what}: {wrong}" for wrong in _wrong(house, entry.facts)]
    return found


def _wrong(house: House, facts: Any) -> list[str]:
    """What does not fit between what was written of a certificate and the register."""
    with house.database.read() as db:
        known = next(
            (one for one in store.certificates(db, limit=1_000_000) if one.serial == facts["certificate"]), None
        )
        above = store.chain(db, known)[:1] if known else []
    if known is None:
        return ["the register does not know the certificate"]
    found = []
    if hashlib.sha256(known.der).hexdigest() != facts["sha256"]:
        found.append("the register holds another certificate")
    issuer = above[0] if above else known
    serious = [
        each for each in lint.certificate(known.der, issuer=issuer.der) if each.serious and not each.of_the_address
    ]
    found += [str(each) for each in serious]
    if not is_roots(known.key) and house.keys.spki(known.key) not in known.der:
        found.append(f"the key {known.key} is another one now")
    return found


class _Performing:
    """One ceremony while it goes on. The safe is opened when a step needs it, once."""

    def __init__(self, house: House, plan: Plan, between: Shares, now: datetime) -> None:
        self.house, self.plan, self.between, self.now = house, plan, between, now
        self.root: Keys | None = None

    def step(self, step: Step) -> dict[str, Any]:
        """Do one step; what came out, for the transcript."""
        doing: dict[str, Callable[[Step], dict[str, Any]]] = {
            "split": self._split,
            "make-key": self._make_key,
            "certify": self._certify,
            "sign-list": self._sign_list,
            "roll": self._roll,
        }
        return doing[step.do](step)

    def _split(self, step: Step) -> dict[str, Any]:
        """A new passphrase for the safe, in shares. They are brought back once before anything rests on them."""
        if safe.holds(self.house):
            raise CeremonyRefused("The root has a key already")
        passphrase = secrets.token_bytes(32)
        made = shares.split(passphrase, self.plan.needed, self.plan.of)
        self.between.give(made)
        if shares.restore(self.between.take(self.plan.needed)) != passphrase:
            raise ShareWrong("These shares do not belong together")
        self._open(safe.renewed(self.house, passphrase.hex()))
        digests = [hashlib.sha256(line.encode()).hexdigest() for line in made]
        return {"shares": digests, "needed": self.plan.needed}

    def _make_key(self, step: Step) -> dict[str, Any]:
        house = self._with_root() if is_roots(step["key"]) else self.house
        house.keys.create(step["key"], purpose=step["profile"], algorithm=step["algorithm"])
        return {"public_sha256": hashlib.sha256(house.keys.spki(step["key"])).hexdigest()}

    def _certify(self, step: Step) -> dict[str, Any]:
        with self.house.database.read() as db:
            held = [one for one in store.certificates(db, profile=step["profile"]) if one.key == step["key"]]
        if held:
            return _facts(held[0])
        house = self._with_root() if profile(step["profile"]).issuer == ROOT else self.house
        named = LegalPerson(self.plan.organisation.code, self.plan.organisation.name, step["common_name"])
        public = house.keys.public(step["key"])
        return _facts(authority.certify(house, step["profile"], named, public, self.now, key=step["key"], by=BY))

    def _sign_list(self, step: Step) -> dict[str, Any]:
        house = self._with_root() if step["of"] == ROOT else self.house
        return {"list_sha256": hashlib.sha256(status.crl(house, step["of"], self.now)).hexdigest()}

    def _roll(self, step: Step) -> dict[str, Any]:
        under_root = step["name"] != roll.RESPONDER and profile(step["name"]).issuer == ROOT
        house = self._with_root() if under_root else self.house
        if step["name"] == ROOT:
            return _facts(rollover.rollover(house, self.now, by=BY, to=step["to"]))
        new = roll.roll(house, step["name"], self.now, by=BY, to=step["to"])
        if step["name"] == ISSUING:
            status.list_of(house, new, self.now)
        return _facts(new)

    def _with_root(self) -> House:
        if self.root is None:
            passphrase = shares.restore(self.between.take(self.plan.needed))
            self._open(safe.opened(self.house, passphrase.hex()))
        assert self.root is not None
        return safe.with_root(self.house, self.root)

    def _open(self, root: "Keys") -> None:
        self.root = root


def _facts(one: Certificate) -> dict[str, Any]:
    return {"certificate": one.serial, "sha256": hashlib.sha256(one.der).hexdigest(), "subject": one.subject}


def _said(step: Step, facts: dict[str, Any]) -> str:
    shown = facts.get("subject") or f"{len(facts['shares'])} shares" if "shares" in facts else facts.get("subject", "")
    return f"{step}{': ' if shown else ''}{shown}"


def _tell(house: House, transcript: Transcript, now: datetime) -> None:
    """Leave the digest of the transcript in the ledger, once. Who was there stands in the transcript alone."""
    facts = {"plan": transcript.plan, "transcript": transcript.last}
    with house.database.write() as db:
        if transcript.last not in {event.facts.get("transcript") for event in ledger.events(db, kind=KIND, limit=1000)}:
            ledger.wrote(db, KIND, transcript.plan[:16], by=BY, at=now, facts=facts)


def _is_the_reviewed_plan(house: House, plan: Plan, digest: str, people: Sequence[tuple[str, str]]) -> None:
    if plan.digest != digest.strip().lower():
        raise CeremonyRefused("This is not the plan that was reviewed: its digest is %(digest)s", digest=plan.digest)
    if any(typed.strip().lower() != plan.digest[:DIGITS] for _, typed in people):
        raise CeremonyRefused("Someone typed other digits than those of this plan")


def _fits_the_house(house: House, plan: Plan, digest: str, people: Sequence[tuple[str, str]]) -> None:
    for name in ADDRESSES:
        if plan.addresses[name] != getattr(house.settings, name):
            raise CeremonyRefused("The plan is for another installation: %(name)s differs", name=name)


def _are_two_people(house: House, plan: Plan, digest: str, people: Sequence[tuple[str, str]]) -> None:
    """Each person of the plan is there, and nobody is there twice."""
    names = [name for name, _ in people]
    if len(names) != len(plan.people) or any(same_person(names[0], other) for other in names[1:]):
        raise CeremonyRefused("The same person was named twice")
    for one in plan.people:
        if not any(same_person(one.name, name) for name in names):
            raise CeremonyRefused("%(name)s is not there, but the plan names him", name=one.name)


def _role(plan: Plan, name: str) -> str:
    return next(one.role for one in plan.people if same_person(one.name, name))
