"""Whether numbers, rows, files, seal uses and the ledger agree. It changes nothing, and the installation may go on working.

Everything is compared within one snapshot of the database. Files are listed before it: whatever is there by then has been named
by a row.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from hub import ledger
from hub.blobs import BlobDamaged, BlobMissing
from hub.house import House
from hub.problems import Problem
from hub.vault import Erased
from licenses import kinds, paper, store
from licenses.identifier import Identifier
from licenses.model import LIFE, License, Number, Operation, Status
from seals import store as seal_store
from seals.model import SealUse, UseState
from seals.model.edition import Edition, Lift
from seals.store import documents as document_store
from seals.store import editions as edition_store

EDITION = "seal.edition"
PATIENCE = timedelta(minutes=10)  # the ticker looks every few seconds: nobody resumes what has waited so long


@dataclass(frozen=True)
class Fault:
    """One thing that does not agree with another: which, and what is wrong with it."""

    about: str
    what: str

    def __str__(self) -> str:
        return f"{self.about}: {self.what}"


@dataclass(frozen=True)
class Books:
    """Everything that is compared, as of one moment."""

    serials: dict[tuple[str, str, int], int]
    numbers: dict[str, Number]
    licenses: dict[str, License]
    changes: list[tuple[str, Operation]]
    uses: dict[str, SealUse]
    events: list[ledger.Event]
    files: frozenset[str]
    editions: list[Edition]
    lifts: list[Lift]
    documents: frozenset[str]  # files that documents of departments name

    def __str__(self) -> str:
        return (
            f"{len(self.numbers)} numbers, {len(self.licenses)} licenses, {len(self.files)} files, "
            f"{len(self.uses)} seal uses, {len(self.events)} events of licenses"
        )


def fsck(house: House, now: datetime, *, read_files: bool = True) -> tuple[Books, list[Fault]]:
    """Compare everything. `read_files` False only looks whether each file is there."""
    files = frozenset(house.blobs.digests())
    with house.database.snapshot() as db:
        books = Books(
            serials=store.last_serials(db),
            numbers={one.identifier: one for one in store.every_number(db)},
            licenses={one.identifier: one for one in store.every_license(db)},
            changes=list(store.every_change(db)),
            uses={one.id: one for one in seal_store.every_use(db)},
            events=list(_events(db)),
            files=files,
            editions=list(edition_store.every_edition(db)),
            lifts=list(edition_store.every_lift(db)),
            documents=frozenset(document_store.document_files(db)),
        )
    found = [fault for check in CHECKS for fault in check(books)]
    found += _waiting(house, books, now)
    found += _applications(house, books)
    found += _files(house, books) if read_files else []
    return books, found + _ledger(house)


# -- what the books say of each other


def serials_have_no_gap(books: Books) -> Iterator[Fault]:
    """Each counter has given out exactly the numbers from one up."""
    given: dict[tuple[str, str, int], set[int]] = {key: set() for key in books.serials}
    for number in books.numbers:
        try:
            identifier = Identifier.parse(number)
        except Problem as problem:
            yield Fault(number, f"is not a number: {problem.detail}")
            continue
        key = (identifier.issuer, identifier.kind, int(identifier.serial[:4]))
        given.setdefault(key, set()).add(int(identifier.serial[4:]))
    for key, serials in given.items():
        last = books.serials.get(key, 0)
        for missing in sorted(set(range(1, last + 1)) - serials):
            yield Fault(_series(key), f"number {missing} was given out and has no row")
        for strange in sorted(serials - set(range(1, last + 1))):
            yield Fault(_series(key), f"number {strange} has a row and was not given out")


def each_number_ended_once(books: Books) -> Iterator[Fault]:
    """An issued number has a license, no other has one; both stand at the same place of the same status list."""
    for number in books.numbers.values():
        license = books.licenses.get(number.identifier)
        if (number.state == "issued") != (license is not None):
            yield Fault(number.identifier, f"is {number.state} and has {'a' if license else 'no'} license")
        elif license and (license.status_list, license.status_index) != (number.status_list, number.status_index):
            yield Fault(number.identifier, "number and license stand at different places of the status list")
    for identifier in books.licenses.keys() - books.numbers.keys():
        yield Fault(identifier, "is a license whose number was not given out")


def states_follow_from_changes(books: Books) -> Iterator[Fault]:
    """The state of a license is where its changes lead."""
    states = dict.fromkeys(books.licenses, Status.valid)
    for identifier, operation in books.changes:
        after = LIFE.get((states.get(identifier, Status.revoked), operation))
        if after is None:
            yield Fault(identifier, f"its history has a step that cannot be: {operation.value}")
        else:
            states[identifier] = after
    for identifier, state in states.items():
        if (said := books.licenses[identifier].status) is not state:
            yield Fault(identifier, f"is {said.value} by its row and {state.value} by its history")


def each_license_has_its_seal_use(books: Books) -> Iterator[Fault]:
    """Its use has sealed this very file for this very record."""
    for license in books.licenses.values():
        use = books.uses.get(license.use)
        sealed = use and use.sealed_digest and use.sealed_digest.hex()
        if use is None or use.state is not UseState.sealed:
            yield Fault(
                license.identifier, f"the use {license.use} of a seal is {use.state.value if use else 'missing'}"
            )
        elif (sealed, use.record_digest.hex(), use.purpose) != (license.sealed, license.record, license.kind):
            yield Fault(license.identifier, f"the use {license.use} of a seal was for something else")


def each_seal_use_has_its_license(books: Books) -> Iterator[Fault]:
    """Whatever a seal has sealed as a license is one, and only one."""
    of_kinds = {kind.code for kind in kinds.all_kinds()}
    used = Counter(license.use for license in books.licenses.values())
    for use in books.uses.values():
        if use.state is UseState.sealed and use.purpose in of_kinds and used[use.id] != 1:
            yield Fault(f"seal use {use.id}", f"has sealed {used[use.id]} licenses")


def each_file_has_its_row(books: Books) -> Iterator[Fault]:
    """Every license and edition has its file, and every file belongs to a number."""
    for license in books.licenses.values():
        if license.sealed not in books.files:
            yield Fault(license.identifier, f"its file {license.sealed} is missing")
    for edition in books.editions:
        if edition.digest not in books.files:
            yield Fault(f"document {edition.sealed.hex()}", f"its edition {edition.digest} is missing")
    named = {each.sealed for number in books.numbers.values() for each in number.papers}
    named |= {edition.digest for edition in books.editions} | {digest for lift in books.lifts for digest in lift.named}
    for digest in sorted(books.files - named - books.documents):
        yield Fault(f"file {digest}", "belongs to no number")


def each_sealed_document_has_its_file(books: Books) -> Iterator[Fault]:
    """What a department had sealed is there, under the digest that its use of the seal names."""
    for use in books.uses.values():
        if use.state is UseState.sealed and use.purpose.startswith("document:"):
            digest = use.sealed_digest.hex() if use.sealed_digest else ""
            if digest not in books.documents or digest not in books.files:
                yield Fault(f"seal use {use.id}", f"its document {digest} is missing")


def each_edition_is_of_a_sealed_document(books: Books) -> Iterator[Fault]:
    """Editions are counted from one, each of a document that a seal has sealed, and the ledger names each once."""
    sealed = {use.sealed_digest: use for use in books.uses.values() if use.sealed_digest}
    told = Counter((event.subject, event.facts.get("edition")) for event in books.events if event.kind == EDITION)
    numbers: dict[bytes, int] = {}
    for edition in books.editions:
        about = f"document {edition.sealed.hex()}"
        use = sealed.get(edition.sealed)
        if use is None:
            yield Fault(about, f"its edition {edition.number} is of no sealed document")
        elif told[use.seal, edition.digest] != 1:
            yield Fault(about, f"the ledger has {told[use.seal, edition.digest]} of its edition {edition.number}")
        numbers[edition.sealed] = numbers.get(edition.sealed, 0) + 1
        if edition.number != numbers[edition.sealed]:
            yield Fault(about, f"its edition {numbers[edition.sealed]} has no row")


def the_ledger_tells_the_same(books: Books) -> Iterator[Fault]:
    """Each number, license, void and change stands in the ledger once, and nothing else does."""
    told = Counter((event.kind, event.subject) for event in books.events)
    due = Counter({("license.intended", identifier): 1 for identifier in books.numbers})
    due += Counter({("license.issued", identifier): 1 for identifier in books.licenses})
    due += Counter({("license.voided", one.identifier): 1 for one in books.numbers.values() if one.state == "void"})
    due += Counter((f"license.{operation.value}", identifier) for identifier, operation in books.changes)
    kinds_due = {kind for kind, _ in due} | {"license.intended", "license.issued", "license.voided"}
    kinds_due |= {f"license.{operation.value}" for operation in Operation}
    for kind, subject in sorted(due.keys() | {one for one in told if one[0] in kinds_due}):
        if told[kind, subject] != due[kind, subject]:
            yield Fault(subject, f"the ledger has {told[kind, subject]} of {kind}, it should have {due[kind, subject]}")
    for event in books.events:
        license = books.licenses.get(event.subject)
        if license and event.kind == "license.issued":
            said = (event.facts.get("record"), event.facts.get("sealed"))
            if said != (license.record, license.sealed):
                yield Fault(event.subject, "the ledger tells of another file or record")


CHECKS = (
    serials_have_no_gap,
    each_number_ended_once,
    states_follow_from_changes,
    each_license_has_its_seal_use,
    each_seal_use_has_its_license,
    each_file_has_its_row,
    each_sealed_document_has_its_file,
    each_edition_is_of_a_sealed_document,
    the_ledger_tells_the_same,
)


# -- what has to be opened or read


def _waiting(house: House, books: Books, now: datetime) -> Iterator[Fault]:
    """Numbers nobody works on, and seals reserved for nothing."""
    pending = [number for number in books.numbers.values() if number.state == "pending"]
    for number in pending:
        if number.leased + PATIENCE < now:
            yield Fault(number.identifier, f"waits since {number.leased:%Y-%m-%d %H:%M}Z: run `yinxin resume`")
    with house.database.read() as db:
        expected = document_store.document_records(db)
        for number in pending:
            try:
                intent = store.application_of(db, house.vault, number.identifier)
                expected.add(paper.record_of(db, intent).digest)
            except Problem as problem:
                yield Fault(number.identifier, f"its application cannot be read: {problem.title}")
    for use in books.uses.values():
        if use.state is UseState.reserved and use.at + PATIENCE < now and use.record_digest not in expected:
            yield Fault(f"seal use {use.id}", "is reserved for nothing")


def _applications(house: House, books: Books) -> Iterator[Fault]:
    """Each license's application opens and names the same holder, unless it was erased."""
    with house.database.read() as db:
        for license in books.licenses.values():
            try:
                fields = store.application_of(db, house.vault, license.identifier).application.fields
                holder = kinds.named(license.kind).holder(fields)
            except Erased:
                continue
            except Problem as problem:
                yield Fault(license.identifier, f"its application cannot be read: {problem.title}")
                continue
            if house.vault.blind("holder", holder.indexed) != license.holder_key:
                yield Fault(license.identifier, "its application names another holder")


def _files(house: House, books: Books) -> Iterator[Fault]:
    """Each license's file, and each edition, is byte for byte what was kept."""
    kept = [(license.identifier, license.sealed) for license in books.licenses.values()]
    kept += [(f"document {edition.sealed.hex()}", edition.digest) for edition in books.editions]
    for about, digest in kept:
        try:
            house.blobs.get(digest)
        except BlobMissing:
            continue  # told already
        except BlobDamaged:
            yield Fault(about, f"its file {digest} is damaged")


def _ledger(house: House) -> list[Fault]:
    """The ledger's own tree."""
    try:
        ledger.verify(house)
    except ledger.LedgerBroken as problem:
        return [Fault("ledger", problem.detail)]
    return []


def _events(db: Connection) -> Iterator[ledger.Event]:
    for kind in ("license.", EDITION):
        before = None
        while some := ledger.events(db, kind=kind, before=before, limit=1000):
            yield from some
            before = some[-1].id


def _series(key: tuple[str, str, int]) -> str:
    return f"{key[0]} {kinds.named(key[1]).slug} {key[2]}"
