"""Kinds of certificates, read from `certs/profiles.toml`, and whom they name.

Lives follow ETSI TS 119 312 and the CA/Browser forum's caution: the shorter a key signs, the less a loss costs. The root
is for the ten years of its subordinates, twice.
"""

import re
import tomllib
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

from certs.model.problems import ProfileUnknown, SubjectWrong

ROOT, ISSUING, SERVICE, MAKER = "root", "issuing-ca", "service-ca", "maker"
ANY_POLICY = "2.5.29.32.0"
TRUST_LIST_SIGNING = "0.4.0.2231.3.0"  # ETSI TS 119 612 5.7.1: id-tsl-kp-tslSigning
BACKDATE = timedelta(minutes=5)  # a relying party's clock may run behind ours: a new certificate must be good at once
NAME_LENGTH = 64  # RFC 5280 A.1: ub-organization-name, ub-common-name
MOST_HOSTS = 20
HOST = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True)
class Profile:
    """One kind of certificate: who signs it, for how long, and what its key may do. The file says what each means."""

    name: str
    issuer: str
    days: int
    algorithms: tuple[str, ...]
    usages: tuple[str, ...]
    policy: str = ""
    purposes: tuple[str, ...] = ()
    path_length: int | None = None
    file: str = ""
    signing_days: int | None = None
    ocsp: bool = False
    unchecked: bool = False
    legal_person: bool = False
    hosts: bool = False
    sharded: bool = False

    @property
    def is_ca(self) -> bool:
        """Whether its key may sign certificates."""
        return self.path_length is not None


def _read() -> tuple[str, dict[str, Profile]]:
    """What stands in the file; a word that it does not know stops the start."""
    content = tomllib.loads(Path(__file__).parents[1].joinpath("profiles.toml").read_text())
    arc: str = content.pop("policy_arc")
    return arc, {name: _profile(name, arc, dict(fields)) for name, fields in content.items()}


def _profile(name: str, arc: str, fields: dict[str, Any]) -> Profile:
    for several in ("algorithms", "usages", "purposes"):
        fields[several] = tuple(fields.get(several, ()))
    policy: str = fields.pop("policy", "")
    return Profile(name, policy=f"{arc}{policy}" if policy.startswith(".") else policy, **fields)


POLICY_ARC, PROFILES = _read()
TIMESTAMP_POLICY = f"{POLICY_ARC}.2.1"
FILES = {each.name: each.file for each in PROFILES.values() if each.is_ca}  # of each authority's first generation


def profile(name: str) -> Profile:
    """The profile of that name. Raises ProfileUnknown."""
    try:
        return PROFILES[name]
    except KeyError as error:
        raise ProfileUnknown("%(name)s is none of them", name=name) from error


@dataclass(frozen=True)
class LegalPerson:
    """The subject of a certificate: an organisation with its unified code (GB 32100), named by EN 319 412-3 4.2.1.

    With `hosts`, the certificate is for machines that it runs (RFC 5280 4.2.1.6), in lower case and with their domain.
    """

    code: str
    name: str
    common_name: str = ""
    hosts: tuple[str, ...] = ()
    country: ClassVar[str] = "CN"

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[0-9A-HJ-NPQRTUWXY]{18}", self.code):
            raise SubjectWrong("%(code)s is not a unified code", code=self.code)
        for text in (self.name, self.shown):
            if not text.strip() or text != text.strip() or not text.isprintable() or len(text) > NAME_LENGTH:
                raise SubjectWrong("%(name)s is empty, too long, or holds characters that do not print", name=text)
        for host in self.hosts:
            if not HOST.fullmatch(host):
                raise SubjectWrong("%(host)s is not the full name of a machine", host=host)
        if len(self.hosts) > MOST_HOSTS or len({*self.hosts}) != len(self.hosts):
            raise SubjectWrong("These are too many machines, or one of them twice")

    @property
    def shown(self) -> str:
        """The common name: the one by which the organisation is known, else its statutory name."""
        return self.common_name or self.name

    @property
    def identifier(self) -> str:
        """The organizationIdentifier (EN 319 412-1 5.1.4): national trade register, country, number."""
        return f"NTR{self.country}-{self.code}"
