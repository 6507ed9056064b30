"""The registers of the CA."""

from certs.store.certificates import (
    abandon,
    certificate,
    certificate_table,
    certificates,
    chain,
    intend,
    intent,
    keep,
    keep_revocation,
    newest,
    next_shard,
    revocations,
    revoked,
    unsigned,
    waiting,
    with_file,
)
from certs.store.keys import key_table, list_keys, listed_keys, retire_key
from certs.store.lists import current_list, keep_list, list_table, reserve_list

__all__ = [
    "abandon",
    "certificate",
    "certificate_table",
    "certificates",
    "chain",
    "current_list",
    "intend",
    "intent",
    "keep",
    "keep_list",
    "keep_revocation",
    "key_table",
    "list_keys",
    "list_table",
    "listed_keys",
    "newest",
    "next_shard",
    "reserve_list",
    "retire_key",
    "revocations",
    "revoked",
    "unsigned",
    "waiting",
    "with_file",
]
