"""What a finished sign-in hands out through the browser: a code; to clients of the policy `legacy` tokens too.

OpenID Connect Core 3.2.2.5, 3.3.2.5. Tokens in the front channel come of a grant of their own, with its row, its line in the
ledger and its notice at logout, like any other; none of them can be renewed.
"""

import secrets
from dataclasses import replace
from datetime import datetime

from hub.house import House
from idp.acting import principals
from idp.model.client import Client, GrantType
from idp.model.flow import Asked, Refused, SignedIn
from idp.model.grant import Code
from idp.provider import codes, grants, release, responses, sandbox, sealed
from idp.provider.tokens import encrypt, sign
from idp.store import grants as store


def issued(house: House, asked: Asked, client: Client, signed_in: SignedIn, now: datetime) -> dict[str, str]:
    """The members of the answer. Raises Refused if the person or his yes has gone within this very moment."""
    code = Code.of(asked, signed_in, now)
    wanted = frozenset(asked.response_type.split())
    said = {"code": codes.seal(house, code)} if "code" in wanted else {}
    if wanted & responses.IN_FRONT:
        said |= _tokens(house, code, client, wanted, said.get("code", ""), now)
    return said


def _tokens(
    house: House, code: Code, client: Client, wanted: frozenset[str], beside: str, now: datetime
) -> dict[str, str]:
    """An access token, an ID token, or both; `beside` is the code that goes with them."""
    once = replace(client, grant_types=tuple(one for one in client.grant_types if one is not GrantType.refresh))
    own = replace(code, scopes=tuple(scope for scope in code.scopes if scope != "offline_access"))
    value = secrets.token_urlsafe(32)  # never handed out: it only leads to the grant of these tokens
    try:
        given = grants.redeem(house, value, own, once, now)
    except Refused as refusal:  # nothing is handed in here, so nothing can be wrong with it
        raise Refused("access_denied", "The sign-in or the agreement has just ended") from refusal
    said: dict[str, str] = {}
    if "token" in wanted:
        said |= {"access_token": given.access_token, "token_type": given.token_type}
        said |= {"expires_in": str(given.expires_in), "scope": given.scope}
    if "id_token" in wanted:
        said["id_token"] = _id_token(house, own, client, value, said.get("access_token", ""), beside, now)
    return said


def _id_token(house: House, code: Code, client: Client, value: str, access: str, beside: str, now: datetime) -> str:
    """An ID token that names what comes with it, and says what the scopes tell where no access token can ask (Core 5.4)."""
    with house.database.read() as db:
        grant = store.grant(db, sealed.identity(value))
        if grant is None:
            raise Refused("access_denied", "The grant has gone")
        held = principals.mandates(db, grant.person, grant.acting_for, now) if grant.acting_for else ()
        more = release.named(house, db, client, grant, "id_token", now)
        if not access and not beside:
            more |= release.told(house, db, client, grant, release.by_scope(grant.scopes), now)
    told = sandbox.mandates(client, held)
    plain = sign.id_token(
        house, client, grant, nonce=code.nonce, access=access, code=beside, now=now, mandates=told, more=more
    )
    return encrypt.id_token(house, client, plain, now)
