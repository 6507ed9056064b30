"""Whether a person may be told of just now. Looked at so that nobody takes it back before the step that rests on it is done."""

from sqlalchemy import Connection

from idp.model.claims import agreed_as
from idp.model.client import Client
from idp.model.consent import API
from idp.model.grant import Grant
from idp.model.mandate import PERSON
from idp.model.person import State
from idp.store import consents, people


def may_be_told(db: Connection, grant: Grant, client: Client) -> bool:
    """True while the account may be used and the yes to this client stands; both are held until the transaction ends.

    Whoever locks an account or withdraws a yes changes the same row first and then ends what was granted: so he either waits and
    finds the grant, or was first and there is none.
    """
    if people.held_state(db, grant.person) is not State.active:
        return False
    if client.first_party:
        return True
    consent = consents.consent(db, whose(grant), client.id, held=True)
    return consent is not None and consent.covers((*grant.scopes, *agreed_as(grant.claims, grant.scopes)))


def may_be_called(db: Connection, grant: Grant, client: Client, api: Client) -> bool:
    """True while the person agrees, beside what `client` is told, to calls of the API of another service in his name."""
    consent = consents.consent(db, whose(grant), client.id, held=True)
    return consent is not None and consent.covers((f"{API}{api.id}",))


def whose(grant: Grant) -> str:
    """On whose yes a grant rests: that of the person for whom somebody acts; of a company, whose data are public, the actor's."""
    whom = grant.acting_for or ""
    return whom.removeprefix(PERSON) if whom.startswith(PERSON) else grant.person
