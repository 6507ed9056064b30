"""The register of certificates: first as mere intents, then signed, perhaps revoked."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from certs.model import Certificate, CertificateUnknown, Draft, DraftWrong, Intent, Reason, Revocation
from hub.db import Instant, metadata, unless_there

SHARD = 2048  # certificates whose revocations stand in one list: it stays below 100 kB if all of them are revoked

certificate_table = sa.Table(
    "certs_certificate",
    metadata,
    sa.Column("serial", sa.Text, primary_key=True),
    sa.Column("profile", sa.Text, nullable=False),
    sa.Column("issuer", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("code", sa.Text, nullable=False, index=True),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("tbs", sa.LargeBinary, nullable=False),
    sa.Column("der", sa.LargeBinary),  # empty: intended, never signed (or the crash came before it was kept)
    sa.Column("not_before", Instant, nullable=False),
    sa.Column("not_after", Instant, nullable=False),
    sa.Column("prepared", Instant, nullable=False),
    sa.Column("revoked", Instant),
    sa.Column("reason", sa.Text),
    sa.Column("invalid_from", Instant),
    sa.Column("above", sa.Text, nullable=False, server_default=""),  # serial number of the issuer's; a root has none
    sa.Column("file", sa.Text, nullable=False, server_default=""),  # an authority's, in the addresses that it prints
    sa.Column("shard", sa.Integer, nullable=False, server_default="0"),  # which of the issuer's lists tells of it
    sa.Column("waiting", sa.Text),  # while it is a mere intent: of which profile, over which key
    sa.Index("ix_certs_certificate_profile_prepared", "profile", "prepared"),
    sa.Index("ix_certs_certificate_issuer_revoked", "issuer", "revoked"),
    sa.Index("ix_certs_certificate_above_shard", "above", "shard"),
    sa.Index("ix_certs_certificate_waiting", "waiting", unique=True),
)


def intend(db: sa.Connection, draft: Draft, now: datetime) -> bool:
    """Keep what is about to be signed. False: another process has just intended the same profile over the same key."""
    row = {
        "serial": draft.serial,
        "profile": draft.profile,
        "issuer": draft.issuer,
        "subject": draft.subject.shown,
        "code": draft.subject.code,
        "key": draft.key,
        "tbs": draft.tbs,
        "not_before": draft.not_before,
        "not_after": draft.not_after,
        "prepared": now,
        "above": draft.above,
        "file": draft.file,
        "shard": draft.shard,
        "waiting": draft.waiting or None,
    }
    return db.execute(unless_there(db, certificate_table).values(**row)).rowcount == 1


def waiting(db: sa.Connection, what: str) -> Intent | None:
    """The intent of this profile and key that nobody signed yet."""
    row = db.execute(sa.select(certificate_table).where(certificate_table.c.waiting == what)).one_or_none()
    if row is None:
        return None
    return Intent(row.serial, bytes(row.tbs), row.prepared, row.shard, row.file, row.not_before, row.not_after)


def abandon(db: sa.Connection, serial: str) -> None:
    """An intent that will not be signed any more: its number stays known, and another may take its place."""
    table = certificate_table
    db.execute(table.update().where(table.c.serial == serial, table.c.der.is_(None)).values(waiting=None))


def next_shard(db: sa.Connection, above: str) -> int:
    """Into which of an issuer's lists the next certificate goes: each is filled, then the next one is begun."""
    query = sa.select(sa.func.count()).where(certificate_table.c.above == above, certificate_table.c.shard > 0)
    return 1 + (db.scalar(query) or 0) // SHARD


def intent(db: sa.Connection, serial: str) -> bytes | None:
    """What is written down to be signed under this number, if it has not been signed yet."""
    table = certificate_table
    found = db.scalar(sa.select(table.c.tbs).where(table.c.serial == serial, table.c.der.is_(None)))
    return None if found is None else bytes(found)


def keep(db: sa.Connection, serial: str, der: bytes) -> None:
    """Keep the signed certificate of an intent. Raises DraftWrong if it has one already."""
    waiting = sa.and_(certificate_table.c.serial == serial, certificate_table.c.der.is_(None))
    if db.execute(certificate_table.update().where(waiting).values(der=der, waiting=None)).rowcount != 1:
        raise DraftWrong("The number %(serial)s is not waiting for these contents", serial=serial)


def certificate(db: sa.Connection, serial: str) -> Certificate:
    """The certificate of that number. Raises CertificateUnknown, for a mere intent too."""
    query = _issued().where(certificate_table.c.serial == serial)
    row = db.execute(query).one_or_none()
    if row is None:
        raise CertificateUnknown("We never issued the number %(serial)s", serial=serial)
    return _certificate(row)


def chain(db: sa.Connection, certificate: Certificate) -> list[Certificate]:
    """The certificates above this one, up to and with the root: those that signed, not those in office now."""
    found: list[Certificate] = []
    while (certificate := _issuer(db, certificate)) not in found:
        found.append(certificate)
    return found


def _issuer(db: sa.Connection, below: Certificate) -> Certificate:
    if below.above:
        return certificate(db, below.above)
    if below.profile == below.issuer:
        return below
    # Written by a release that knew one generation of each authority: the first.
    generations = certificates(db, profile=below.issuer)
    if not generations:
        raise CertificateUnknown("The issuer of %(serial)s is missing", serial=below.serial)
    return generations[-1]


def newest(db: sa.Connection, profile: str, above: str = "") -> Certificate | None:
    """The certificate of that profile that was issued last: the one in office, for profiles with one holder.

    `above`: among those that this certificate of an authority signed.
    """
    found = certificates(db, profile=profile, above=above, limit=1)
    return found[0] if found else None


def certificates(
    db: sa.Connection, *, profile: str = "", code: str = "", above: str = "", limit: int = 1000
) -> list[Certificate]:
    """Certificates, newest first, of one profile, one organisation, one certificate of an authority."""
    query = _issued().order_by(certificate_table.c.prepared.desc(), certificate_table.c.serial).limit(limit)
    for column, value in (("profile", profile), ("code", code), ("above", above)):
        if value:
            query = query.where(certificate_table.c[column] == value)
    return [_certificate(row) for row in db.execute(query)]


def with_file(db: sa.Connection, file: str) -> Certificate | None:
    """The authority whose certificate and lists stand under this name in addresses."""
    row = db.execute(_issued().where(certificate_table.c.file == file).limit(1)).one_or_none()
    return None if row is None or not file else _certificate(row)


def keep_revocation(db: sa.Connection, certificate: Certificate) -> bool:
    """Keep the end of a certificate; False if another process ended it first."""
    end = certificate.revocation
    assert end is not None
    table = certificate_table
    changed = db.execute(
        table.update()
        .where(table.c.serial == certificate.serial, table.c.revoked.is_(None))
        .values(revoked=end.at, reason=end.reason.value, invalid_from=end.invalid_from)
    )
    return changed.rowcount == 1


def unsigned(db: sa.Connection) -> list[str]:
    """Numbers that were meant for a certificate but are not known to have been signed."""
    query = sa.select(certificate_table.c.serial).where(certificate_table.c.der.is_(None))
    return list(db.scalars(query.order_by(certificate_table.c.prepared)))


def _issued() -> sa.Select[Any]:
    return sa.select(certificate_table).where(certificate_table.c.der.is_not(None))


def _certificate(row: Any) -> Certificate:
    end = None
    if row.revoked is not None:
        end = Revocation(row.revoked, Reason(row.reason), row.invalid_from)
    return Certificate(
        serial=row.serial,
        profile=row.profile,
        issuer=row.issuer,
        subject=row.subject,
        code=row.code,
        key=row.key,
        der=bytes(row.der),
        not_before=row.not_before,
        not_after=row.not_after,
        revocation=end,
        above=row.above,
        file=row.file,
        shard=row.shard,
    )
