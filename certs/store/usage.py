"""How often the key of each certificate was used, counted from the rows that each use leaves: no signature costs a write."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from certs.store.answers import answer_table
from certs.store.certificates import certificate_table
from certs.store.lists import list_table
from certs.store.stamps import stamp_table

Usage = dict[str, tuple[int, datetime]]  # how often, and when last, by a certificate's serial number or a list's name


def usage(db: sa.Connection) -> Usage:
    """Of CAs: certificates issued; of time-stamp units: tokens; of OCSP signers: answers that stand ready."""
    issued, stamps, answers = certificate_table.c, stamp_table.c, answer_table.c
    below = sa.select(issued.above, sa.func.count(), sa.func.max(issued.prepared)).where(issued.der.is_not(None))
    return added(
        _read(db, below.group_by(issued.above)),
        _read(db, sa.select(stamps.unit, sa.func.count(), sa.func.max(stamps.at)).group_by(stamps.unit)),
        _read(db, sa.select(answers.signer, sa.func.count(), sa.func.max(answers.since)).group_by(answers.signer)),
    )


def list_usage(db: sa.Connection) -> Usage:
    """How many lists were signed under each name (`certs.status.list_name`), and the trust list."""
    lists = list_table.c
    query = sa.select(lists.issuer, sa.func.count(), sa.func.max(lists.since)).where(lists.body.is_not(None))
    return _read(db, query.group_by(lists.issuer))


def added(*parts: Usage) -> Usage:
    """Several counts as one."""
    whole: Usage = {}
    for part in parts:
        for name, (times, last) in part.items():
            before = whole.get(name)
            whole[name] = (times + before[0], max(last, before[1])) if before else (times, last)
    return whole


def _read(db: sa.Connection, query: sa.Select[Any]) -> Usage:
    return {row[0]: (row[1], row[2]) for row in db.execute(query)}
