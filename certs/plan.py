"""The plan of a ceremony: one YAML file that people read before it happens, and that nothing deviates from."""

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from certs import roll
from certs.model import FILES, PROFILES, LegalPerson, PlanWrong, profile
from certs.safe import is_roots
from certs.shares import MOST

if TYPE_CHECKING:
    from hub.settings import Settings

ROLES = ("administrator", "witness")
ADDRESSES = ("issuer_url", "verify_url", "pki_url")
MOST_BYTES, MOST_STEPS = 65_536, 100
KEY = re.compile(r"[a-z]([a-z0-9-]{0,30}[a-z0-9])?")
FIELDS = {  # what each kind of step says
    "split": ("key",),
    "make-key": ("key", "profile", "algorithm"),
    "certify": ("key", "profile", "common_name"),
    "sign-list": ("of",),
    "roll": ("name", "to"),
}
HEAD = """\
# The plan of a ceremony of keys. Everyone who takes part reads it before; its digest (`yinxin ceremony dry-run`) is what they
# agree on. Steps: split (the passphrase of the root's key, in shares), make-key, certify, sign-list, roll.
"""


@dataclass(frozen=True)
class Person:
    """Someone who must be there, by name and role."""

    name: str
    role: str


@dataclass(frozen=True)
class Step:
    """One thing to do, with what the plan says about it."""

    do: str
    fields: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.fields[name]

    def __str__(self) -> str:
        return " ".join([self.do, *(f"{name}={self.fields[name]}" for name in FIELDS[self.do])])


@dataclass(frozen=True)
class Plan:
    """A plan that can be carried out. `digest` is of the file's octets: it is the reviewed one, or another plan."""

    digest: str
    addresses: Mapping[str, str]
    organisation: LegalPerson
    people: tuple[Person, ...]
    needed: int
    of: int
    steps: tuple[Step, ...]


def read(text: bytes) -> Plan:
    """Read a plan and check all that can be known beforehand. Raises PlanWrong, SubjectWrong."""
    if len(text) > MOST_BYTES:
        raise PlanWrong("It is too long")
    try:
        content = yaml.load(text.decode(), Loader=_Strict)  # noqa: S506  a safe loader that refuses what is said twice
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise PlanWrong("It is not YAML: %(why)s", why=str(error).splitlines()[0]) from error
    whole = _fields(content, {"version", "house", "organisation", "people", "shares", "steps"}, "plan")
    if whole["version"] != 1:
        raise PlanWrong("There is only version 1")
    house = _fields(whole["house"], {*ADDRESSES}, "house")
    organisation = _fields(whole["organisation"], {"code", "name"}, "organisation")
    shares = _fields(whole["shares"], {"needed", "of"}, "shares")
    needed, of = shares["needed"], shares["of"]
    if not (isinstance(needed, int) and isinstance(of, int) and 2 <= needed <= of <= MOST):
        raise PlanWrong("%(needed)s of %(of)s is no way to share a secret", needed=needed, of=of)
    return Plan(
        digest=hashlib.sha256(text).hexdigest(),
        addresses={name: _text(house[name]) for name in ADDRESSES},
        organisation=LegalPerson(_text(organisation["code"]), _text(organisation["name"])),
        people=_people(whole["people"]),
        needed=needed,
        of=of,
        steps=_steps(whole["steps"], organisation),
    )


def standing(settings: "Settings", organisation: LegalPerson, people: Sequence[str], needed: int, of: int) -> str:
    """The plan by which an installation gets all its posts: the text of the file, to be read and changed."""
    short = organisation.name
    steps: list[dict[str, Any]] = [{"do": "split", "key": "root"}]
    for name, algorithm in POSTS:
        key = roll.key_name(name, 1)
        steps.append({"do": "make-key", "key": key, "profile": name, "algorithm": algorithm})
        steps.append({"do": "certify", "key": key, "profile": name, "common_name": f"{short} {TITLES[name]}"})
    steps += [{"do": "sign-list", "of": name} for name in FILES]
    content = {
        "version": 1,
        "house": {name: getattr(settings, name) for name in ADDRESSES},
        "organisation": {"code": organisation.code, "name": organisation.name},
        "people": [{"name": name, "role": role} for name, role in zip(people, ROLES, strict=True)],
        "shares": {"needed": needed, "of": of},
    }
    top = yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
    lines = "".join(
        f"- {yaml.safe_dump(s, allow_unicode=True, sort_keys=False, default_flow_style=True, width=200)}" for s in steps
    )
    return f"{HEAD}{top}steps:\n{lines}"


POSTS = (  # in the order in which each needs the one before
    ("root", "P-384"),
    ("issuing-ca", "P-256"),
    ("service-ca", "P-256"),
    ("time-stamp", "P-256"),
    ("ocsp-signer", "P-256"),
    ("trust-list", "P-256"),
    ("maker", "P-256"),
)
TITLES = {
    "root": "Root CA",
    "issuing-ca": "e-Seal CA",
    "service-ca": "Service CA",
    "time-stamp": "Time-Stamp Unit",
    "ocsp-signer": "OCSP Responder",
    "trust-list": "Trust List Signer",
    "maker": "Seal Maker",
}


def _step_line(step: dict[str, Any]) -> str:
    return f"- {yaml.safe_dump(step, allow_unicode=True, sort_keys=False, default_flow_style=True, width=200)}"


def same_person(one: str, other: str) -> bool:
    """Whether two names are one person's: spaces, width and case do not make another one."""
    return _plain(one) == _plain(other)


def _plain(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def _people(given: Any) -> tuple[Person, ...]:
    if not isinstance(given, list) or len(given) != len(ROLES):
        raise PlanWrong("Two people are named: an administrator and a witness")
    found = [_fields(each, {"name", "role"}, "people") for each in given]
    people = tuple(Person(_text(each["name"]).strip(), _text(each["role"])) for each in found)
    if {each.role for each in people} != {*ROLES}:
        raise PlanWrong("Two people are named: an administrator and a witness")
    if not all(each.name for each in people) or same_person(*(each.name for each in people)):
        raise PlanWrong("Administrator and witness are the same person")
    return people


def _steps(given: Any, organisation: Mapping[str, Any]) -> tuple[Step, ...]:
    if not isinstance(given, list) or not 0 < len(given) <= MOST_STEPS:
        raise PlanWrong("It has no steps, or too many")
    steps: list[Step] = []
    for each in given:
        do = each.get("do") if isinstance(each, dict) else None
        if do not in FIELDS:
            raise PlanWrong("%(step)s is no step", step=do)
        fields = _fields(each, {"do", *FIELDS[do]}, do)
        step = Step(do, {name: fields[name] for name in FIELDS[do]})
        _check(step, steps, organisation)
        steps.append(step)
    if len({str(step) for step in steps}) != len(steps):
        raise PlanWrong("A step stands there twice")
    return tuple(steps)


def _check(step: Step, before: Sequence[Step], organisation: Mapping[str, Any]) -> None:
    """What can be said about a step by itself, and by what stands before it."""
    if "key" in step.fields and not KEY.fullmatch(_text(step["key"])):
        raise PlanWrong("%(key)s is no name of a key", key=step["key"])
    if step.do == "split" and not is_roots(step["key"]):
        raise PlanWrong("Only the root's key is kept in shares")
    if step.do == "make-key":
        if step["algorithm"] not in profile(_text(step["profile"])).algorithms:
            raise PlanWrong("The key is of the kind %(kind)s", kind=step["algorithm"])
        _roots_own(step)
    if step.do == "certify":
        _roots_own(step)
        LegalPerson(_text(organisation["code"]), _text(organisation["name"]), _text(step["common_name"]))
        made = [one for one in before if one.do == "make-key" and one["key"] == step["key"]]
        if not made or made[0]["profile"] != step["profile"]:
            raise PlanWrong("The key %(key)s is certified before it is made, or for something else", key=step["key"])
    if step.do == "sign-list" and step["of"] not in FILES:
        raise PlanWrong("%(name)s has no list", name=step["of"])
    if step.do == "roll" and not (step["name"] in PROFILES and isinstance(step["to"], int) and step["to"] > 1):
        raise PlanWrong("%(name)s cannot be rolled over like this", name=step["name"])


def _roots_own(step: Step) -> None:
    """The root's key, and it alone, is named so: it is kept elsewhere. What serves machines and seals comes not from here."""
    kind = profile(_text(step["profile"]))
    if is_roots(step["key"]) != (kind.name == "root"):
        raise PlanWrong("A key of the root is called root, and no other key is")
    if kind.legal_person or kind.hosts:
        raise PlanWrong("A certificate of the kind %(kind)s is issued anew by those who ask for it", kind=kind.name)


def _fields(given: Any, names: set[str], where: str) -> dict[str, Any]:
    if not isinstance(given, dict) or {*given} != names:
        raise PlanWrong("In %(where)s there must stand: %(names)s", where=where, names=", ".join(sorted(names)))
    return given


def _text(given: Any) -> str:
    if not isinstance(given, str):
        raise PlanWrong("%(given)s is not a text", given=given)
    return given


class _Strict(yaml.SafeLoader):  # type: ignore[misc]  # it ships no types
    """YAML without surprises: a key that stands twice is refused, and so are references."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("references are not taken")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002  theirs
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        if len({*map(str, keys)}) != len(keys):
            raise yaml.YAMLError("something stands twice")
        found: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return found
