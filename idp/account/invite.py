"""Operators: a one-time link makes an account with a password and, at once, a second factor.

What the account may do is the console's to say.
"""

import secrets
from datetime import datetime, timedelta

from hub import inbox, ledger
from hub.digest import digest_of
from hub.house import House
from idp.account import accounts
from idp.login import password
from idp.model.invitation import Invitation, InvitationGone
from idp.model.person import Person, account_name
from idp.store import invitations as store

HOURS = 72
TAKEN = "operator.invitation-taken"  # the letter to the console: {"invitation", "person"}


def invite(house: House, label: str, *, by: str, now: datetime, hours: int = HOURS) -> tuple[Invitation, str]:
    """Make an invitation; gives it and its link. The link is shown once: only its digest is kept."""
    token = secrets.token_urlsafe(24)
    invitation = Invitation(secrets.token_hex(8), label, by, now, now + timedelta(hours=hours))
    with house.database.write() as db:
        store.add(db, invitation, digest_of(token))
        ledger.wrote(db, "operator.invited", f"invitation:{invitation.id}", by=by, at=now)
    return invitation, f"{house.settings.issuer_url}/invite/{token}"


def invitation(house: House, token: str, now: datetime) -> Invitation:
    """The open invitation of a link. Raises InvitationGone."""
    with house.database.read() as db:
        found = store.by_token(db, digest_of(token))
    if found is None or not found.open_at(now):
        raise InvitationGone("Used, withdrawn, too old or unknown")
    return found


def take(house: House, token: str, account: str, chosen: str, *, now: datetime) -> Person:
    """Make the operator's account and use the invitation up, in one step.

    Raises InvitationGone, AccountNameWrong, AccountNameTaken, PasswordWrong.
    """
    found = invitation(house, token, now)
    name = account_name(account)
    accepted = password.accepted(chosen, alone=False, context=(name,))
    hashed = password.hashed(house, accepted)
    person = Person(secrets.token_hex(16), now, needs_second_factor=True)
    with house.database.write() as db:
        accounts.keep(house, db, person, name, hashed, alone=len(accepted) >= password.ALONE)
        if not store.take(db, found, person.id):
            raise InvitationGone("Used, withdrawn, too old or unknown")
        inbox.put(db, TAKEN, {"invitation": found.id, "person": person.id}, now)
        ledger.wrote(db, "operator.accepted", f"invitation:{found.id}", by=person.label, at=now)
    return person
