"""What an applicant needs not write or bring, because it stands on a license that he holds or was proved before."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from admin import assigned
from admin.model.item import ServiceItem
from hub.callers import Caller
from hub.house import House
from idp.acting import principals
from idp.model.mandate import PERSON
from idp.store import organizations, people
from licenses import kinds, wallet
from licenses.fields import Value, spelled
from licenses.kinds import Item, Kind, english_of
from licenses.wallet import Held

PROVED = "proved"  # where a value comes from that the person or company has proved, without a license
MATTER = Item("matter", "permit", "申请内容", "What you apply for", "text", required=True, max=600)


@dataclass(frozen=True)
class Needed:
    """A kind of license that the service needs, and the applicant's own one, the best there is."""

    kind: Kind
    held: Held | None

    @property
    def state(self) -> str:
        """in-force, not-yet, expired, suspended, revoked, or none."""
        return self.held.state if self.held else "none"

    @property
    def in_force(self) -> bool:
        """Whether the applicant needs not bring it."""
        return self.state == "in-force"


@dataclass(frozen=True)
class Prefilled:
    """An application as it begins: what is known with its origin (the number of a license, or PROVED), what is to be written."""

    item: ServiceItem
    kind: Kind | None
    needed: tuple[Needed, ...]
    fields: dict[str, Value]
    origins: dict[str, str]

    @property
    def asked(self) -> int:
        """How many papers the service needs."""
        return len(self.needed) + len(self.item.materials)

    @property
    def avoided(self) -> int:
        """How many of them the applicant needs not bring."""
        return sum(one.in_force for one in self.needed)

    @property
    def items(self) -> tuple[Item, ...]:
        """Everything that the application holds, in the order of the kind."""
        return tuple(written(self.kind))

    @property
    def open(self) -> tuple[Item, ...]:
        """What the applicant has to write, or may."""
        known = set(self.fields)
        return tuple(item for item in self.items if item.key.removesuffix("_en") not in known)

    def origin(self, key: str) -> Held | None:
        """The license that a value was taken from."""
        number = self.origins.get(key)
        return next((one.held for one in self.needed if one.held and one.held.license.number == number), None)


def prefill(house: House, item: ServiceItem, applicant: Caller, now: datetime) -> Prefilled:
    """Begin an application of this person, or of the company for which he acts, with what is known already."""
    mine = wallet.held(house, applicant, now)
    needed = tuple(
        Needed(kinds.named(code), next((held for held in mine if held.license.kind == code), None))
        for code in item.licenses
    )
    kind = kinds.named(item.kind) if item.kind else None
    fields: dict[str, Value] = {}
    origins: dict[str, str] = {}
    if kind is not None:
        for one in needed:
            if one.held and one.in_force:
                found = {key: value for key, value in taken(one.held, kind) if key not in fields}
                fields |= found
                origins |= dict.fromkeys(found, one.held.license.number)
        for key, value in _proved(house, applicant, kind):
            if key not in fields:
                fields[key], origins[key] = value, PROVED
    return Prefilled(item, kind, needed, fields, origins)


def taken(held: Held, kind: Kind) -> Iterator[tuple[str, Value]]:
    """What stands on a license and belongs on another kind: the holder, and items of the same name and type."""
    from_there = {item.key: item for item in held.kind.items}
    roles = {kind.catalogue[role]: held.kind.catalogue[role] for role in ("holder_name", "holder_number")}
    if kind.catalogue["holder_number_type"] != held.kind.catalogue["holder_number_type"]:
        return  # the license of a company says nothing about a person
    by_office = assigned.keys(kind)
    for item in kind.items:
        key = roles.get(item.key, item.key)
        if item.key in by_office or key not in from_there or from_there[key].type != item.type:
            continue
        for end in ("", "_en") if item.english else ("",):
            if value := held.fields.get(f"{key}{end}"):
                yield f"{item.key}{end}", value


def facts(kind: Kind | None, fields: Mapping[str, Value], *, english: bool) -> list[tuple[str, str]]:
    """What an application says, item by item, as on the license: label and value."""
    shown = []
    for item in kind.items if kind else (MATTER,):
        if item.key in fields:
            chinese, spoken = spelled(item.type, fields[item.key])
            spoken = dict(item.choices).get(chinese, spoken) or str(fields.get(f"{item.key}_en", ""))
            own = chinese if not spoken or spoken == chinese else f"{chinese} / {spoken}"
            shown.append((item.label_en, own) if english else (item.label, own if item.english else chinese))
    return shown


def written(kind: Kind | None) -> Iterator[Item]:
    """What an application for this kind holds besides what the office writes; English follows its Chinese."""
    if kind is None:
        yield MATTER
        return
    by_office = assigned.keys(kind)
    for item in kind.items:
        if item.key not in by_office:
            yield item
            if item.english:
                yield english_of(item)


def _proved(house: House, applicant: Caller, kind: Kind) -> Iterator[tuple[str, Value]]:
    """Name and number of the person, or of the one for whom he acts: the register has confirmed them."""
    with house.database.read() as db:
        whom = principals.subject(applicant.person or "", applicant.acting_for)
        if applicant.acting_for and not applicant.acting_for.startswith(PERSON):
            organization = organizations.organization(db, applicant.acting_for)
            said = ("001", organization.name, organization.code) if organization else None
        elif people.person(db, whom):
            profile = people.profile(db, house.vault, whom)
            said = (profile.number_type, profile.name, profile.number)
        else:
            said = None
    if said and said[0] == kind.catalogue["holder_number_type"] and all(said):
        yield kind.catalogue["holder_name"], said[1]
        yield kind.catalogue["holder_number"], said[2]
