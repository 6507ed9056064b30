"""The verb of this room: is this license genuine and in force? Paper and register on one line."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from unicodedata import normalize

from certs import store as certificates
from certs import trust
from certs.model import ROOT
from hub.limits import Limit
from hub.steps import step
from licenses import kinds
from licenses import store as licenses
from licenses.identifier import Identifier
from licenses.model import License, LicenseUnknown, NoSuchKind, NotAnIdentifier, Status
from seals import store as seals
from seals.store import documents
from verification import crls, judge, life, scan
from verification.judge import Stated
from verification.life import Standing
from verification.model import (
    STATUS_EVIDENCE,
    Check,
    Door,
    Evidence,
    Fact,
    Paper,
    Reason,
    Report,
    Result,
    Step,
    failed,
    not_done,
    passed,
)
from verification.trust import Trust, read_list
from verification.worker import BENCH

if TYPE_CHECKING:
    from hub.house import House

NOT_IN_FORCE = {Status.suspended: Reason.suspended, Status.revoked: Reason.revoked}
LONGEST_NUMBER = 200
FRESH = timedelta(
    seconds=5
)  # a revoked seal is known within 60 s at the latest; a license's own status is asked every time
ASK = Limit(
    "verify", 120, 60
)  # of one address in a minute: a counter with a queue, not a crawler who counts numbers through


def verify(
    house: "House", *, file: bytes | None = None, code: str | None = None, number: str | None = None, now: datetime
) -> Report:
    """The report on a file (PDF or picture), on the text of a code, or on a typed number. Exactly one is given."""
    asked = "uploaded" if file is not None else "scanned" if code is not None else "typed"
    step(house, "verification", "asked", outcome=asked)
    report = _report(house, file, code, number, now)
    step(house, "verification", "answered", outcome=report.verdict.value)
    return report


def _report(house: "House", file: bytes | None, code: str | None, number: str | None, now: datetime) -> Report:
    if file is not None:
        return _file(house, file, now) if b"%PDF-" in file[:1024] else _picture(house, file, now)
    if code is not None:
        return _code(house, code, now)
    assert number is not None
    return _number(house, number, now)


def trust_of(house: "House", now: datetime) -> Trust:
    """What this house trusts: its own roots, lists and keys, gathered anew after a few seconds."""
    kept = house.cache.get("verification.trust")
    if isinstance(kept, tuple) and abs(now - kept[0]) < FRESH:
        held: Trust = kept[1]
        return held
    with house.database.read() as db:
        roots = tuple(one.der for one in certificates.certificates(db, profile=ROOT) if one.revocation is None)
    held = Trust(roots, read_list(trust.trust_list(house, now), roots, now), crls=crls.every(house, now))
    house.cache["verification.trust"] = (now, held)
    return held


def _file(house: "House", data: bytes, now: datetime) -> Report:
    trusted = trust_of(house, now)
    paper = BENCH.examine(data, trusted.anchors, now)
    stated = judge.read_paper(paper, trusted, now)
    if paper.seal is None:
        return judge.report(paper, stated, (), (), now)
    if not paper.record:
        return _document(house, paper, stated, now)
    with house.database.read() as db:
        license = licenses.by_sealed(db, paper.digest)
    if license is None:
        return judge.report(paper, stated, (failed(Step.registered, Reason.unknown),), (), now)
    if license.record != paper.record_digest:
        why = failed(Step.registered, Reason.mismatch, "The register holds another record")
        return judge.report(paper, stated, (why,), (), now)
    evidence = Evidence(STATUS_EVIDENCE, now)
    checks = (passed(Step.registered), *_life(house, license, evidence, now))
    told = judge.report(paper, stated, checks, (evidence,), now)
    shown = {fact.value for fact in told.compare}
    more = tuple(fact for fact in _kinds_facts(stated) if fact.value not in shown) if shown else ()
    return replace(told, checks=_timed(told.checks, license.issued), compare=(*told.compare, *more))


def _document(house: "House", paper: Paper, stated: Stated, now: datetime) -> Report:
    """A sealed document that is no license: the register of documents names the sealed revision, whatever was added later."""
    with house.database.read() as db:
        known = documents.document_sealed(db, paper.digest)
        by_hash = documents.hash_sealed(db, paper.covered) if known is None and paper.covered else None
    at = known.ended if known else by_hash.at if by_hash else None
    if at is None:
        return judge.report(paper, stated, (failed(Step.registered, Reason.unregistered),), (), now)
    told = judge.report(paper, stated, (passed(Step.registered),), (), now)
    return replace(told, checks=_timed(told.checks, at))


def _timed(checks: tuple[Check, ...], sealed: datetime) -> tuple[Check, ...]:
    """A seal without a time-stamp (the clock's service was down): our own register knows when it was made."""
    at = sealed.isoformat()
    lacking = [check for check in checks if check.step is Step.time_stamp and check.result is Result.not_done]
    if not lacking:
        return checks
    register = passed(Step.time_stamp, "There is no time-stamp; the register says %(at)s", at=at)
    return tuple(register if check in lacking else check for check in checks)


def _picture(house: "House", data: bytes, now: datetime) -> Report:
    found = BENCH.texts(data)
    if isinstance(found, Reason):
        return Report(Door.code, (failed(Step.readable, found),), now)
    if len(found) != 1:
        reason = Reason.several_codes if found else Reason.no_code
        return Report(Door.code, (failed(Step.code_form, reason),), now)
    return _code(house, found[0], now)


def _code(house: "House", text: str, now: datetime) -> Report:
    trusted = trust_of(house, now)
    assert trusted.list is not None
    judged = scan.judge_code(text.strip(), house.settings.verify_url, trusted.list, now)
    if judged.code is None:
        return Report(Door.code, judged.checks, now)
    identifier = str(judged.code.identifier)
    with house.database.read() as db:
        license = licenses.by_record(db, judged.code.record.hex())
    shown = _code_facts(house, identifier, judge.code_facts(judged.code))
    if license is None or license.identifier != identifier:
        checks = (*judged.checks, failed(Step.registered, Reason.unknown))
        return Report(Door.code, checks, now, number=identifier, compare=shown)
    evidence = Evidence(STATUS_EVIDENCE, now)
    checks = (*judged.checks, passed(Step.registered), *_life(house, license, evidence, now))
    return Report(
        door=Door.code,
        checks=checks,
        at=now,
        number=identifier,
        compare=shown,
        evidence=(evidence,),
        test_edition=judged.code.identifier.test_edition,
    )


def _number(house: "House", typed: str, now: datetime) -> Report:
    try:
        identifier = parsed(typed)
    except NotAnIdentifier:
        return Report(Door.number, (failed(Step.number_form, Reason.mistyped),), now)
    number, right = str(identifier), passed(Step.number_form)
    with house.database.read() as db:
        try:
            license = licenses.license(db, number)
        except LicenseUnknown:
            return Report(Door.number, (right, failed(Step.registered, Reason.unknown)), now, number=number)
    evidence = Evidence(STATUS_EVIDENCE, now)
    checks = (right, passed(Step.registered), *_life(house, license, evidence, now))
    dates = [Fact("Date of issue", license.issued.astimezone(life.OFFICIAL).date().isoformat())]
    if license.valid_until:
        dates.append(Fact("Valid until", license.valid_until.isoformat()))
    facts = _code_facts(house, number, (Fact("Identifier", number), *dates))
    return Report(
        Door.number,
        checks,
        now,
        number=number,
        compare=facts,
        evidence=(evidence,),
        test_edition=identifier.test_edition,
    )


def parsed(typed: str) -> Identifier:
    """The identifier that somebody typed: full-width letters, small letters and spaces are forgiven. Raises NotAnIdentifier."""
    text = "".join(normalize("NFKC", typed[:LONGEST_NUMBER]).split()).upper().replace("。", ".")
    return Identifier.parse(text)


def _life(house: "House", license: License, evidence: Evidence, now: datetime) -> tuple[Check, ...]:
    standing = Standing(
        test_edition=Identifier.parse(license.identifier).test_edition,
        valid_from=license.valid_from,
        valid_until=license.valid_until,
        not_in_force=NOT_IN_FORCE.get(license.status),
        status_known=True,
        evidence=evidence,
    )
    checks = life.checks(standing, now, test_edition=house.settings.test_edition)
    if license.status is not Status.valid and license.status not in NOT_IN_FORCE:
        return (*checks[:2], not_done(Step.status, reason=Reason.no_status))
    return checks


def _code_facts(house: "House", number: str, facts: tuple[Fact, ...]) -> tuple[Fact, ...]:
    """What kind it is and who issued it, in words; names of fields as the kind gives them."""
    identifier = Identifier.parse(number)
    try:
        kind = kinds.named(identifier.kind)
    except NoSuchKind:
        return facts
    labels = {item.key: item for item in kind.items}
    named = [
        Fact(labels[one.name].label_en, one.value, labels[one.name].label) if one.name in labels else one
        for one in facts
    ]
    with house.database.read() as db:
        agency = next((one for one in seals.agencies(db) if one.code == identifier.issuer), None)
    issuer = f"{agency.name} {agency.name_en}" if agency else identifier.issuer
    return (Fact("Kind of license", f"{kind.name} {kind.name_en}"), *named, Fact("Issued by", issuer))


def _kinds_facts(stated: Stated) -> tuple[Fact, ...]:
    """What the kind of license says that a reader should compare, from the record in the file itself."""
    try:
        kind = kinds.named(str(stated.record.get("certificateTypeCode", "")))
        fields = dict(stated.record["extendedInformation"])
    except (NoSuchKind, KeyError, TypeError, ValueError):
        return ()
    items = [kind.item(key) for key in kind.compare if key in fields]
    return tuple(Fact(item.label_en, str(fields[item.key]), item.label) for item in items)
