"""From a number to its sealed page: record, code, page, seal, file. What is seen from outside depends on the intent alone."""

from datetime import datetime

from sqlalchemy import Connection

from hub.blobs import BlobDamaged, BlobMissing
from hub.callers import Caller
from hub.house import House
from licenses import kinds, page, qr, record, store
from licenses.days import day_of, end_of
from licenses.identifier import Identifier
from licenses.kinds import Kind
from licenses.model import Application, Intent, Overtaken, Paper
from licenses.qr import Code
from licenses.record import Record
from seals import material, sealing, use
from seals import store as seal_store
from seals.model import Level, Sealed

CODE_LENGTH = 300  # characters, about as long as a code is


def made(house: House, intent: Intent, caller: Caller, now: datetime) -> tuple[Paper, Sealed]:
    """Record, code, page, seal, file. No transaction is open while drawing and sealing."""
    kind = kinds.named(intent.application.kind)
    with house.database.read() as db:
        made = record_of(db, intent)
        seal = seal_store.seal_of(db, intent.application.agency)
    code = qr.sign(house, _code(intent, kind, made.digest))
    drawn = page.draw(made, kind, code, test_edition=house.settings.test_edition, now=intent.at)
    tool, evidence = material.for_seal(house, seal, now)
    wanted = Level.archive if archived(house, kind) else Level.timed
    seal_use = use.reserve(
        house, seal.id, purpose=kind.code, record_digest=made.digest, caller=caller, now=now, wanted=wanted
    )
    sealed = sealing.seal_once(sealing.prepare(drawn.pdf, tool, seal_use, drawn.seal_place, evidence))
    named = Paper(sealed.digest.hex(), sealed.level.value, seal_use.id, made.digest.hex(), code)
    with house.database.write() as db:  # the row names the file before the file is there: no file without row
        if not store.name_paper(db, intent, named):
            raise Overtaken("The application %(number)s", number=intent.identifier)
    house.blobs.put(sealed.pdf)
    return named, sealed


def archived(house: House, kind: Kind) -> bool:
    """Whether licenses of a kind get an archive edition, with evidence that is kept fresh for as long as it is needed."""
    chosen = {each.strip() for each in house.settings.archive_kinds.split(",")}
    return "*" in chosen or kind.slug in chosen


def kept(house: House, intent: Intent, now: datetime) -> tuple[Paper, Sealed] | None:
    """The sealed page that a crashed worker had kept already: the same bytes become the license."""
    for named in reversed(intent.papers):
        try:
            pdf = house.blobs.get(named.sealed)
        except (BlobMissing, BlobDamaged):  # the crash came before the file was whole on disk
            continue
        return named, Sealed(named.use, pdf, bytes.fromhex(named.sealed), Level(named.level), (), now)
    return None


def proof(house: House, application: Application, now: datetime) -> None:
    """Draw the page as it would be, with a number that is nobody's, and throw it away. Raises GlyphMissing, PageFull."""
    kind = kinds.named(application.kind)
    serial = f"{day_of(now).year}{0:07}"
    number = Identifier.make(kind.code, application.agency, serial, test_edition=house.settings.test_edition)
    said = Intent(str(number), application, bytes(record.SALT_BYTES), now, None, None, "", 0, 0, 0)
    with house.database.read() as db:
        made = record_of(db, said)
    nobodys = f"{house.settings.verify_url}/#{'A' * CODE_LENGTH}"
    page.draw(made, kind, nobodys, test_edition=house.settings.test_edition, now=now)


def record_of(db: Connection, intent: Intent) -> Record:
    """The record, the same at each attempt. Raises AgencyUnknown."""
    application = intent.application
    assert application.valid_from
    return record.make(
        kinds.named(application.kind),
        Identifier.parse(intent.identifier),
        application.fields,
        issuer=seal_store.agency(db, application.agency),
        issued=intent.at,
        valid_from=application.valid_from,
        valid_until=application.valid_until,
        salt=intent.salt,
    )


def _code(intent: Intent, kind: Kind, digest: bytes) -> Code:
    until = intent.application.valid_until
    return Code(
        identifier=Identifier.parse(intent.identifier),
        issued=intent.at,
        expires=end_of(until) if until else None,
        status_list=intent.status_list,
        status_index=intent.status_index,
        record=digest,
        shown=kind.shown(intent.application.fields),
    )
