"""Make a trust folder, or bring one up to date: all that a check without a server rests on, checked before it is kept."""

import hashlib
import json
import re
from base64 import b64decode, b64encode, urlsafe_b64decode
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from textwrap import wrap

from hub.fetch import Answer, Fetch, NotReachable
from hub.problems import Problem
from verification.lists import TrustList, Unusable, read_status_list
from verification.receipt import NotGenuine, header_of
from verification.rollover import follow
from verification.trust import CRLS, LIST, ROOTS, STATUS, certificates, read_list

MOST_BYTES = 4_000_000  # of one list
CRL_NAMES = ("root", "issuing-ca")  # what a site of an earlier release has
MOST_CRLS = 100  # one for each generation of an authority


class NotTrusted(Problem):
    """What was fetched is not what the folder, or the one who asked, trusts."""

    title = "The lists were not kept"
    advice = "Compare the address and the fingerprint with what the authority has published."


@dataclass(frozen=True)
class Collected:
    """What now stands in the folder. `root` is the SHA-256 of the root certificate; `new`: it was trusted for the first time."""

    root: str
    new: bool
    until: datetime
    status_lists: int
    crls: int
    followed: int = 0  # how many successors of the root were taken on the word of the one before


def collect(fetch: Fetch, url: str, folder: Path, now: datetime, *, root: str = "") -> Collected:
    """Fetch the lists of a verification site. The first time, its root is taken as it comes, or must have this SHA-256.

    Later the folder's own roots decide, and no list may be older than the one that is there. Raises NotTrusted, NotReachable.
    """
    url = url.rstrip("/")
    token = _get(fetch, f"{url}/trust-list.jwt").text
    known = folder / ROOTS
    new = not known.exists()
    roots = _offered(token, root) if new else certificates(known.read_text("ascii"))
    followed = _followed(fetch, url, roots, now)
    try:
        held = read_list(token, followed, now, least=_counter(folder / LIST, "seq"))
    except Unusable as unusable:
        raise NotTrusted("The trust list: %(reason)s", reason=unusable.reason.value) from unusable
    if held.verify_url != url:
        raise NotTrusted("The trust list is that of %(url)s", url=held.verify_url)
    folder.mkdir(parents=True, exist_ok=True)
    if new or followed != roots:
        _keep(known, "".join(map(_pem, followed)).encode())
    _keep(folder / LIST, token.encode())
    lists = _status_lists(fetch, url, folder, held, now)
    crls = _crls(fetch, url, folder)
    return Collected(hashlib.sha256(followed[-1]).hexdigest(), new, held.until, lists, crls, len(followed) - len(roots))


def _followed(fetch: Fetch, url: str, roots: tuple[bytes, ...], now: datetime) -> tuple[bytes, ...]:
    """The roots, and those that they name as their successors. A site of an earlier release has no statements."""
    answer = fetch.get(f"{url}/root-rollover.json", most=MOST_BYTES)
    named = answer.json() if answer.status == 200 else {}
    statements = named.get("statements", []) if isinstance(named, dict) else []
    try:
        return follow(roots, [str(one) for one in statements], now)
    except NotGenuine as error:
        raise NotTrusted("The root: %(reason)s", reason=str(error.detail)) from error


def _offered(token: str, root: str) -> tuple[bytes, ...]:
    """The root at the end of the signer's chain, if it is the one that was asked for."""
    try:
        offered = b64decode(header_of(token)["x5c"][-1])
    except (NotGenuine, KeyError, IndexError, TypeError, ValueError) as error:
        raise NotTrusted("The trust list names no root") from error
    found = hashlib.sha256(offered).hexdigest()
    if root and root.replace(":", "").lower() != found:
        raise NotTrusted("Its root has the SHA-256 %(found)s", found=found)
    return (offered,)


def _status_lists(fetch: Fetch, url: str, folder: Path, held: TrustList, now: datetime) -> int:
    named = _get(fetch, f"{url}/status/").json()
    addresses = named.get("status_lists", []) if isinstance(named, dict) else []
    found = [str(one) for one in addresses if str(one).startswith(f"{url}/status/")][:1000]
    for address in found:
        token = _get(fetch, address).text
        path = folder / STATUS / f"{int(address.rpartition('/')[2])}.jwt"
        try:
            read_status_list(token, address, held, now, least=_counter(path, "ctr"))
        except Unusable as unusable:
            raise NotTrusted("%(url)s: %(reason)s", url=address, reason=unusable.reason.value) from unusable
        _keep(path, token.encode())
    return len(found)


def _crls(fetch: Fetch, url: str, folder: Path) -> int:
    """The CA's own lists: they tell of seals whose key came into other hands. Checked when they are used."""
    answer = fetch.get(f"{url}/crl/", most=MOST_BYTES)
    named = answer.json() if answer.status == 200 else {}
    lists = named.get("lists", CRL_NAMES) if isinstance(named, dict) else CRL_NAMES
    found = [str(name) for name in lists if re.fullmatch(r"[a-z0-9-]{1,40}", str(name))][:MOST_CRLS]
    for name in found:
        _keep(folder / CRLS / f"{name}.crl", _get(fetch, f"{url}/crl/{name}.crl").body)
    return len(found)


def _get(fetch: Fetch, url: str) -> Answer:
    answer = fetch.get(url, most=MOST_BYTES)
    if answer.status != 200:
        raise NotReachable("%(url)s answers %(status)s", url=url, status=answer.status)
    return answer


def _counter(path: Path, name: str) -> int:
    """The counter of the list that the folder holds; 0 if there is none."""
    try:
        part = path.read_text("ascii").split(".")[1]
        return int(json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))[name])
    except (OSError, ValueError, KeyError, IndexError, TypeError):
        return 0


def _keep(path: Path, data: bytes) -> None:
    """Write a file as a whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_bytes(data)
    part.replace(path)


def _pem(der: bytes) -> str:
    lines = "\n".join(wrap(b64encode(der).decode(), 64))
    return f"-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n"
