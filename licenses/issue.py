"""The main verb: issue a license. Intent first, so that every number ends as a license or as a logged void.

The order of steps is the promise (compare Boulder's issuance cycle): write down the number and what shall become of it;
make the paper with no transaction open; keep the file; then, in one commit, the license exists. After a crash `resume` walks
the same path.
"""

import hashlib
import json
import secrets
from dataclasses import asdict
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from hub import inbox, ledger
from hub.callers import Caller
from hub.db import Collision
from hub.house import House
from hub.problems import BadRequest, Problem, Unavailable
from hub.steps import step
from licenses import kinds, paper, record, store
from licenses.days import day_of
from licenses.identifier import Identifier
from licenses.kinds import Kind
from licenses.model import (
    Application,
    Busy,
    InProgress,
    Intent,
    KeyReused,
    License,
    NotYourKind,
    Overtaken,
    Paper,
    Status,
    Voided,
)
from seals import use
from seals.model import Sealed

log = structlog.get_logger("licenses")
LEASE = timedelta(seconds=60)  # a license takes 0.1 s; whoever is silent for a minute is dead or stalled
SOON = timedelta(seconds=5)  # what could not be done is tried again by then
GIVE_UP = timedelta(hours=24)  # an application that could not be finished for a day ends as a void
ATTEMPTS = 8  # each loses only to one that won; PostgreSQL lets writers meet, SQLite queues them


def issue(house: House, application: Application, *, caller: Caller, idempotency_key: str, now: datetime) -> License:
    """Issue one license, once per caller and idempotency key.

    Raises NotYourKind, FieldsWrong, KeyReused, InProgress, Voided and what sealing refuses. When it raises, either nothing was
    reserved, or the number stays pending and `resume` finishes it, or it ended as a logged void.
    """
    kind = _allowed(application, caller)
    if not 1 <= len(idempotency_key) <= 200:
        raise BadRequest("Idempotency-Key needs 1 to 200 characters")
    ready = checked(application, kind, now)
    body = _body_digest(application)
    intent = known = None
    for _ in range(ATTEMPTS):
        try:
            with house.database.write() as db:
                known = store.earlier(db, caller.label, idempotency_key)
                if known is None:
                    intent = _intent(house, db, ready, caller, now)
                    store.intend(
                        db, house.vault, intent, asker=caller.label, key=idempotency_key, body=body, lease=LEASE
                    )
                    ledger.wrote(db, "license.intended", intent.identifier, by=caller.label, at=now, place=caller.place)
            break
        except Collision:  # another process took the same key, number or place at the same moment: look again
            intent = None
    else:
        raise Busy("Too many applications at the same moment")
    if known is None:
        assert intent
        step(house, "issue", "intended")
        return _finish(house, intent, now)
    return _again(house, *known, body=body, now=now)


def resume(house: House, now: datetime, limit: int = 100) -> list[str]:
    """Finish what crashed or stalled workers left; gives the identifiers that ended, as license or void."""
    with house.database.read() as db:
        waiting = store.pending(db, now, limit)
    for identifier in waiting:
        try:
            with house.database.write() as db:
                intent = store.take_over(db, house.vault, identifier, now, LEASE)
            if intent is not None:  # else another process was quicker
                _finish(house, intent, now)
        except Exception as error:  # noqa: BLE001  one that cannot be finished must not hold up the others
            log.warning("resume.failed", license=identifier, problem=_name(error))
    with house.database.read() as db:
        return [identifier for identifier in waiting if store.state(db, identifier) != "pending"]


def checked(application: Application, kind: Kind, now: datetime) -> Application:
    """The application with its fields as they will be printed and its dates by the kind's rule. Raises FieldsWrong."""
    fields = kind.check(application.fields, now)
    since = application.valid_from or day_of(now)
    until = kind.valid_until(since, application.valid_until, fields)
    return Application(kind.code, dict(fields), application.agency, since, until)


# -- the steps


def _allowed(application: Application, caller: Caller) -> Kind:
    kind = kinds.named(application.kind)
    if caller.agency != application.agency:
        raise NotYourKind("You act for %(agency)s", agency=caller.agency or "no agency")
    if not kind.may_issue(application.agency):
        raise NotYourKind("%(agency)s may not issue %(kind)s", agency=application.agency, kind=kind.name_en)
    return kind


def _intent(house: House, db: Connection, application: Application, caller: Caller, now: datetime) -> Intent:
    year = day_of(now).year
    serial = f"{year}{store.next_serial(db, application.agency, application.kind, year):07}"
    identifier = Identifier.make(application.kind, application.agency, serial, test_edition=house.settings.test_edition)
    status_list, status_index = store.free_place(db)
    return Intent(
        identifier=str(identifier),
        application=application,
        salt=secrets.token_bytes(record.SALT_BYTES),
        at=now,
        client=caller.client,
        person=caller.person,
        place=caller.place,
        status_list=status_list,
        status_index=status_index,
        fence=1,
    )


def _finish(house: House, intent: Intent, now: datetime) -> License:
    """From intent to license, as its license or as a void."""
    caller = Caller(client=intent.client, person=intent.person, agency=intent.application.agency, place=intent.place)
    try:
        named, sealed = paper.kept(house, intent, now) or paper.made(house, intent, caller, now)
        return _released(house, intent, named, sealed, caller, now)
    except Overtaken:  # whoever took over decides what becomes of the number
        digest = _digest(house, intent)
        with house.database.write() as db:
            if store.state(db, intent.identifier) == "void":  # its seal may have been reserved once more after that
                _give_back(db, intent, digest, "overtaken", caller, now)
        raise
    except Exception as error:
        hopeless = isinstance(error, Problem) and error.status < 500
        if hopeless or now - intent.at > GIVE_UP:
            _void(house, intent, _name(error), caller, now)
        elif isinstance(error, Unavailable):  # a token or a service that is away: nobody works on it until it is back
            with house.database.write() as db:
                store.let_go(db, intent, now + SOON)
        raise


def _released(house: House, intent: Intent, named: Paper, sealed: Sealed, caller: Caller, now: datetime) -> License:
    license = _license(house, intent, named)
    with house.database.write() as db:
        # The point of no return: after this commit the license exists. A crash before it leaves the intent with its file,
        # which nobody was given; `resume` takes both from there.
        if not store.end_intent(db, intent, "issued"):
            raise Overtaken("The application %(number)s", number=intent.identifier)
        use.finish(db, sealed, now)
        if intent.fence > 1:  # an earlier attempt may have reserved another seal, which was replaced since
            _give_back(db, intent, bytes.fromhex(named.record), "another seal was used", caller, now)
        store.keep(db, license)
        facts = {"kind": license.kind, "agency": license.agency, "record": license.record, "sealed": license.sealed}
        ledger.wrote(db, "license.issued", license.number, by=caller.label, at=now, place=license.place, facts=facts)
        inbox.put(db, "license.issued", {"license": license.number}, now)
    step(house, "issue", "issued")
    log.info("license.issued", license=license.number, level=license.level)
    return license


def _license(house: House, intent: Intent, named: Paper) -> License:
    application = intent.application
    kind = kinds.named(application.kind)
    assert application.valid_from
    return License(
        identifier=intent.identifier,
        kind=kind.code,
        kind_version=str(kind.version),
        agency=application.agency,
        place=intent.place,
        holder_key=house.vault.blind("holder", kind.holder(application.fields).indexed),
        status=Status.valid,
        issued=intent.at,
        valid_from=application.valid_from,
        valid_until=application.valid_until,
        record=named.record,
        sealed=named.sealed,
        level=named.level,
        use=named.use,
        status_list=intent.status_list,
        status_index=intent.status_index,
        code=named.code,
    )


def _void(house: House, intent: Intent, reason: str, caller: Caller, now: datetime) -> None:
    """End a number without a license; what was reserved of the seal for it is given back."""
    digest = _digest(house, intent)
    with house.database.write() as db:
        if not store.end_intent(db, intent, "void", reason):
            return
        _give_back(db, intent, digest, reason, caller, now)
        facts = {"reason": reason}
        ledger.wrote(db, "license.voided", intent.identifier, by=caller.label, at=now, place=intent.place, facts=facts)
    step(house, "issue", "voided")


def _digest(house: House, intent: Intent) -> bytes | None:
    """Under what its seal may have been reserved; None if its record cannot be made, so that it never was."""
    with house.database.read() as db:
        try:
            return paper.record_of(db, intent).digest
        except Exception as error:  # noqa: BLE001  whatever is wrong with it, the number must end
            log.warning("license.no-record", license=intent.identifier, problem=_name(error))
            return None


def _give_back(
    db: Connection, intent: Intent, digest: bytes | None, reason: str, caller: Caller, now: datetime
) -> None:
    if digest is not None:
        use.void_reserved(db, intent.application.agency, digest, reason=reason, by=caller.label, now=now)


def _name(error: Exception) -> str:
    return error.code if isinstance(error, Problem) else type(error).__name__


def _again(
    house: House, identifier: str, earlier_body: str, state: str, reason: str, *, body: str, now: datetime
) -> License:
    """What a retry gets: the same license, or why there is none."""
    if earlier_body != body:
        raise KeyReused("It belongs to the application %(number)s", number=identifier)
    if state == "void":
        raise Voided("%(number)s: %(reason)s", number=identifier, reason=reason)
    if state == "issued":
        with house.database.read() as db:
            return store.license(db, identifier)
    with house.database.write() as db:
        intent = store.take_over(db, house.vault, identifier, now, LEASE)
    if intent is None:
        raise InProgress("The application %(number)s", number=identifier, extras={"retry_after": 2})
    return _finish(house, intent, now)


def _body_digest(application: Application) -> str:
    text = json.dumps(asdict(application), ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
