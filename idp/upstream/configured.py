"""Whose word we take: the providers that an operator has set up."""

import tomllib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hub import ledger
from hub.house import House
from hub.problems import NotFound
from idp.model.upstream import Proof, Upstream, UpstreamWrong, described, must_be_filled
from idp.provider import logout
from idp.store import upstreams as store

KEPT = timedelta(seconds=5)  # what the sign-in page shows may be so old


def add(house: House, upstream: Upstream, *, secret: str = "", by: str, now: datetime) -> Upstream:
    """Set a provider up, or change it. Raises UpstreamWrong."""
    upstream.checked()
    with house.database.write() as db:
        known = {one.id: one for one in store.upstreams(db, ended=True)}
        kept = store.secret(db, house.vault, upstream.id) if upstream.id in known else ""
        if upstream.id in known and known[upstream.id].issuer != upstream.issuer:
            raise UpstreamWrong("The id %(id)s stands for another issuer: its links would mean nobody", id=upstream.id)
        if any(one.issuer == upstream.issuer and one.id != upstream.id for one in known.values()):
            raise UpstreamWrong("This issuer is set up under another id")
        if (upstream.proof is not Proof.key) != bool(secret or kept):
            raise UpstreamWrong("A secret belongs to client_secret_basic and client_secret_post, and only to them")
        store.keep(db, house.vault, upstream, secret, now)
        facts = {"issuer": upstream.issuer, "cap": upstream.cap}
        ledger.wrote(db, "upstream.added", f"upstream:{upstream.id}", by=by, at=now, facts=facts)
    _forget(house)
    return upstream


def end(house: House, id: str, *, by: str, now: datetime) -> None:
    """Take a provider out of use: every login that it vouched for ends. Links stay, for the day it is set up again.

    Raises NotFound.
    """
    with house.database.write() as db:
        if not store.end(db, id, now):
            raise NotFound("There is no provider %(id)s", id=id)
        for one in store.vouched(db, id):
            logout.end(db, now, sid=one.sid, why="provider taken out of use")
        ledger.wrote(db, "upstream.ended", f"upstream:{id}", by=by, at=now)
    _forget(house)


def load(house: House, path: Path, *, by: str, now: datetime) -> list[Upstream]:
    """Set up the providers of a TOML file ([[upstream]] tables; `secret_file` beside it). Raises UpstreamWrong."""
    try:
        tables: list[dict[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8")).get("upstream", [])
        read = [(described(_without_secret(one)), _secret(one, path.parent)) for one in tables]
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise UpstreamWrong("%(path)s cannot be read: %(why)s", path=path.name, why=type(error).__name__) from error
    return [add(house, upstream, secret=secret, by=by, now=now) for upstream, secret in read]


def offered(house: House, now: datetime) -> list[Upstream]:
    """The providers in use, for the page to choose from; a few seconds old at most."""
    known: tuple[list[Upstream], datetime] | None = house.cache.get("upstreams")
    if known is not None and abs(now - known[1]) < KEPT:
        return known[0]
    with house.database.read() as db:
        found = store.upstreams(db)
    house.cache["upstreams"] = (found, now)
    return found


def one(house: House, id: str) -> Upstream:
    """A provider in use. Raises NotFound."""
    with house.database.read() as db:
        found = store.upstream(db, id)
    if found is None:
        raise NotFound("There is no provider %(id)s", id=id)
    return found


def _forget(house: House) -> None:
    for name in ("upstreams", "upstream-metadata", "upstream-keys"):
        house.cache.pop(name, None)


def _without_secret(table: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in table.items() if name != "secret_file"}


def _secret(table: dict[str, Any], folder: Path) -> str:
    path = table.get("secret_file", "")
    must_be_filled(path)
    return (folder / path).read_text(encoding="utf-8").strip() if path else ""
