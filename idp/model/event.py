"""What services are told of a person's account: the kinds of security events (OpenID RISC, CAEP, and our own)."""

from enum import StrEnum

RISC = "https://schemas.openid.net/secevent/risc/event-type/"
CAEP = "https://schemas.openid.net/secevent/caep/event-type/"
OURS = "urn:yinxin:event:"  # what neither has a word for


class Event(StrEnum):
    """The kind of a security event: the member of `events` that names it (RFC 8417 2.2)."""

    account_disabled = f"{RISC}account-disabled"
    account_enabled = f"{RISC}account-enabled"
    account_purged = f"{RISC}account-purged"
    identifier_changed = f"{RISC}identifier-changed"
    identifier_recycled = f"{RISC}identifier-recycled"
    credential_change_required = f"{RISC}account-credential-change-required"
    credential_change = f"{CAEP}credential-change"
    assurance_level_change = f"{CAEP}assurance-level-change"
    name_changed = f"{OURS}name-changed"
    number_changed = f"{OURS}number-changed"
    person_deceased = f"{OURS}person-deceased"
    account_merged = f"{OURS}account-merged"  # from now on the person comes as `new_sub`
    account_split = f"{OURS}account-split"
    consent_withdrawn = f"{OURS}consent-withdrawn"  # with the signed receipt of it
    mandate_ended = f"{OURS}mandate-ended"
