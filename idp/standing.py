"""Whether a person may be told of just now. Looked at so that nobody takes it back before the step that rests on it is done."""

from collections.abc import Iterable

from sqlalchemy import Connection

from idp.model.client import Client
from idp.model.person import State
from idp.store import consents, people


def may_be_told(db: Connection, person: str, client: Client, scopes: Iterable[str]) -> bool:
    """True while the account may be used and its owner's yes to this client stands; both are held until the transaction ends.

    Whoever locks an account or withdraws a yes changes the same row first and then ends what was granted: so he either waits and
    finds the grant, or was first and there is none.
    """
    if people.held_state(db, person) is not State.active:
        return False
    consent = None if client.first_party else consents.consent(db, person, client.id, held=True)
    return client.first_party or (consent is not None and consent.covers(scopes))
