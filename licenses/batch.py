"""Many applications from one file: each row ends as a license or with its reason, and the same row is never issued twice.

Whoever corrects a faulty row runs the corrected file again under the same name: the rows that were issued stay as they are.
"""

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import structlog

from hub.callers import Caller
from hub.house import House
from hub.problems import Problem
from licenses import kinds, paper
from licenses.issue import checked, issue
from licenses.kinds import Kind
from licenses.model import Application, Busy, InProgress, License, NotRows, NotYourKind, Overtaken, Voided
from seals import store as seal_store

log = structlog.get_logger("licenses")
DATES = ("valid_from", "valid_until")  # may stand beside the fields of the kind
TRIES = 20  # a row whose number ended as a void is applied for anew; more often, something else is wrong
COMING = (Busy, InProgress, Overtaken)  # another process has it: it will be there in a moment


class State(StrEnum):
    """What became of a row."""

    issued = "issued"
    known = "known"  # issued by an earlier run
    correct = "correct"  # in a dry run: it could be issued
    refused = "refused"  # the row is wrong; nothing was issued for it
    later = "later"  # nothing is wrong with it: run the same file again


@dataclass(frozen=True)
class Row:
    """One application of a file. `number` is that of its row in a spreadsheet, or its place in a list."""

    number: int
    fields: dict[str, Any]
    valid_from: date | None = None
    valid_until: date | None = None
    wrong: str = ""

    @property
    def content(self) -> str:
        """What the row says, whatever its place and order. CSV has no numbers: they count as their digits."""
        fields = {name: str(value) for name, value in self.fields.items()}
        said = {"fields": fields, "from": self.valid_from, "until": self.valid_until}
        return json.dumps(said, ensure_ascii=False, sort_keys=True, default=str)


@dataclass(frozen=True)
class Order:
    """Whose rows they are: of which kind, for which agency, under which name they count as the same file."""

    kind: Kind
    agency: str
    name: str
    caller: Caller

    def key(self, row: Row, attempt: int = 1) -> str:
        """The idempotency key of a row: the same row of the same file, run again, is the same application."""
        parts = [self.name, self.kind.code, self.agency, row.content]
        digest = hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()
        return f"batch-{digest}" if attempt == 1 else f"batch-{digest}-{attempt}"


@dataclass(frozen=True)
class Outcome:
    """What became of one row, and why."""

    row: int
    state: State
    license: License | None = None
    why: str = ""

    @property
    def done(self) -> bool:
        """Whether nothing is left to do for this row."""
        return self.state not in (State.refused, State.later)


def order(house: House, *, kind: str, agency: str, name: str, client: str, now: datetime) -> Order:
    """Check once what every row needs. Raises NoSuchKind, AgencyUnknown, NotYourKind, SealUnknown, SealNotInForce."""
    what = kinds.named(kind)
    with house.database.read() as db:
        who = seal_store.agency(db, agency)
        if not what.may_issue(agency):
            raise NotYourKind("%(agency)s may not issue %(kind)s", agency=agency, kind=what.name_en)
        seal_store.seal_of(db, agency).in_force(now)
    return Order(what, agency, name, Caller(client=client, agency=agency, place=who.place))


def issue_row(house: House, order: Order, row: Row, now: datetime) -> Outcome:
    """Issue one row, unless it was issued before. Never raises: one row does not hold up the others."""
    if row.wrong:
        return Outcome(row.number, State.refused, why=row.wrong)
    try:
        license = _issued(house, order, row, now)
    except Problem as problem:
        coming = isinstance(problem, COMING) or problem.status >= 500
        return Outcome(row.number, State.later if coming else State.refused, why=_words(problem))
    except Exception as error:
        log.exception("batch.row-failed", row=row.number)
        return Outcome(row.number, State.later, why=f"a fault of ours, see the log: {type(error).__name__}")
    return Outcome(row.number, State.issued if license.issued == now else State.known, license)


def check_row(house: House, order: Order, row: Row, now: datetime) -> Outcome:
    """Say whether a row could be issued, down to its page; nothing is reserved or kept."""
    if row.wrong:
        return Outcome(row.number, State.refused, why=row.wrong)
    try:
        paper.proof(house, checked(_application(order, row), order.kind, now), now)
    except Problem as problem:
        return Outcome(row.number, State.refused, why=_words(problem))
    return Outcome(row.number, State.correct)


def _issued(house: House, order: Order, row: Row, now: datetime) -> License:
    application = _application(order, row)
    fields = order.kind.check(application.fields, now)  # in one form, whichever the file has
    application = replace(application, fields=dict(fields))
    for attempt in range(1, TRIES):
        try:
            key = order.key(row, attempt)
            return issue(house, application, caller=order.caller, idempotency_key=key, now=now)
        except Voided:  # an earlier run's number: it can never become a license, a new one can
            continue
    raise Voided("%(number)s: %(reason)s", number=f"row {row.number}", reason=f"{TRIES} numbers ended as voids")


def _application(order: Order, row: Row) -> Application:
    return Application(order.kind.code, row.fields, order.agency, row.valid_from, row.valid_until)


def _words(problem: Problem) -> str:
    return f"{problem.title}: {problem.detail}" if problem.detail else problem.title


# -- the file


def read(name: str, data: bytes) -> list[Row]:
    """The rows of a JSON or CSV file, by the ending of its name. Raises NotRows if it is neither.

    A row that cannot be read is a row all the same, with the reason in `wrong`; so is one that stands there twice.
    """
    text = _text(data)
    rows = list(_of_json(text) if name.lower().endswith(".json") else _of_csv(text))
    if not rows:
        raise NotRows("There are no rows in it")
    first: dict[str, int] = {}
    for at, row in enumerate(rows):
        if not row.wrong and (before := first.setdefault(row.content, row.number)) != row.number:
            rows[at] = replace(row, wrong=f"this row is the same as row {before}")
    return rows


def _text(data: bytes) -> str:
    """UTF-8, or GB 18030 as spreadsheets in Chinese save it."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise NotRows("It is not text in UTF-8 or GB 18030")


def _of_json(text: str) -> Iterator[Row]:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotRows("It is not JSON: %(why)s", why=error) from error
    for number, one in enumerate(said if isinstance(said, list) else [said], start=1):
        if isinstance(one, dict):
            yield _row(number, one)
        else:
            yield Row(number, {}, wrong="this is not an object with the fields of the kind")


def _of_csv(text: str) -> Iterator[Row]:
    lines = csv.reader(io.StringIO(text), strict=True)
    try:
        header = [cell.strip() for cell in next(lines, [])]
        if not all(header) or len(set(header)) < len(header):
            raise NotRows("Its first row must name each field once")
        for number, cells in enumerate(lines, start=2):
            if not any(cell.strip() for cell in cells):
                continue  # spreadsheets leave empty rows behind
            if len(cells) > len(header):
                yield Row(
                    number, {"": cells}, wrong=f"this row has {len(cells)} cells, the first row names {len(header)}"
                )
                continue
            given = zip(header, cells, strict=False)
            yield _row(number, {name: cell.strip() for name, cell in given if cell.strip()})
    except csv.Error as error:
        raise NotRows("Row %(row)s cannot be read: %(why)s", row=lines.line_num, why=error) from error


def _row(number: int, said: dict[str, Any]) -> Row:
    fields = {name: value for name, value in said.items() if name not in DATES}
    try:
        since, until = (date.fromisoformat(said[name]) if said.get(name) else None for name in DATES)
    except (ValueError, TypeError):
        return Row(number, fields, wrong=f"{' and '.join(DATES)}: give a day of the calendar as YYYY-MM-DD")
    return Row(number, fields, since, until)
