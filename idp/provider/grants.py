"""Codes and tokens: redeem a code once, refresh in a chain whose members fall together."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from hub import behalf, callers, ledger
from hub.caller import Caller
from hub.digest import digest_of
from hub.house import House
from idp.account.standing import may_be_told, whose
from idp.acting import principals
from idp.model.client import Client, GrantType
from idp.model.flow import Refused
from idp.model.grant import GRANT_DAYS, TOLD_EVERY, Code, Grant, Party, Refresh, Tokens
from idp.model.mandate import Mandate
from idp.model.use import Act
from idp.provider import binding, codes, given, pseudonyms, resources, revoke, sealed
from idp.provider.tokens import sign
from idp.store import grants as store
from idp.store import releases, uses

log = structlog.get_logger("idp")


def find_code(house: House, value: str, client: Client, now: datetime) -> Code:
    """What a code stands for, if this client may redeem it. A late second use revokes what came of the first. Raises Refused."""
    code = codes.opened(house, value)
    if code is None or code.client != client.id:
        raise Refused("invalid_grant", CODE_GONE)
    if not code.valid_at(now, min(house.settings.code_seconds, client.policy.code_seconds)):
        used_again(house, value, client, now)
        raise Refused("invalid_grant", CODE_GONE)
    return code


CODE_GONE = "The code is unknown, used or expired"


def redeem(
    house: House,
    value: str,
    code: Code,
    client: Client,
    now: datetime,
    *,
    cnf: str = "",
    resource: str | None = None,
) -> Tokens:
    """Turn a code into tokens, once: the unique row of the grant decides among any number of redemptions. Raises Refused.

    `cnf` is the key of the client to which every token of the grant is bound, if any; `resource` the API that this access
    token is for, of those that were asked for.
    """
    reader = resources.of_person(house, client, resource, code.resources, now)
    grant = _grant_of(value, code, client, cnf, now)
    refresh_token = sealed.seal(house, REFRESH, grant.id.encode()) if client.may(GrantType.refresh) else None
    mandates = _mandates(house, grant, now)
    grant = _not_beyond(grant, mandates)
    handed = given.tokens(house, client, grant, grant.scopes, refresh_token, now, nonce=code.nonce, keys=code.holder_keys,
                    mandates=mandates, reader=reader)  # fmt: skip
    with house.database.write() as db:
        behalf.hold(db, grant.acting_for)  # whoever ends the mandate finds this grant, or this finds it over
        # The account is held before its login, as whoever locks an account does it: else each would wait for the other.
        told = (
            may_be_told(db, grant, client)
            and _login_runs(db, grant, now, held=True)
            and principals.runs(db, grant.person, grant.acting_for, now)
        )
        won = told and store.redeem(db, grant)
        if won:
            _note_use(db, client, mandates, now)
            facts = {"grant": grant.id, "scopes": list(grant.scopes), "level": grant.level}
            by, place = grant.label, client.place
            event = ledger.wrote(db, "grant.made", f"client:{client.id}", by=by, at=now, place=place, facts=facts)
            _note_release(db, event, client, grant, now)
    if not won:
        if told:
            used_again(house, value, client, now)
        raise Refused("invalid_grant", CODE_GONE)
    return handed


def refresh(
    house: House,
    value: str,
    client: Client,
    scopes: Sequence[str] | None,
    now: datetime,
    *,
    cnf: str = "",
    resource: str | None = None,
) -> Tokens:
    """Renew tokens. The old refresh token is replaced by the one successor it can have; its later reuse revokes the family.

    Scopes can only shrink, and only for these tokens: the family keeps what was granted (RFC 6749 6). Raises Refused.
    """
    token, grant, login = _usable(house, value, client, now)
    binding.holds(client, grant.cnf, cnf)
    if token.replaced is not None and not token.in_grace_at(now):
        revoke.grants(house, [grant], why="refresh token reused", now=now)
        log.warning("refresh.reused", client=client.id, grant=grant.id)
        raise Refused("invalid_grant", REFRESH_GONE)
    if scopes is not None and not set(scopes) <= set(grant.scopes):
        raise Refused("invalid_scope", "More than was granted")
    wanted = tuple(scope for scope in grant.scopes if scopes is None or scope in scopes)
    reader = resources.of_person(house, client, resource, grant.resources, now)
    successor = pseudonyms.successor(house, token.digest) if client.rotates_refresh else value
    # The tokens are bound to the key of today: a client that proves itself may take a new one (RFC 9449 5).
    handed = given.tokens(
        house,
        client,
        replace(grant, cnf=cnf),
        wanted,
        successor,
        now,
        mandates=_mandates(house, grant, now),
        reader=reader,
    )
    alone = login is None and grant.is_untold(now)  # the service asks while the person is not there
    due = login is not None and callers.is_due(login, now)  # whoever works at a service has not gone away
    if token.replaced is None and (successor != value or alone or due):  # else there is nothing to write
        with house.database.write() as db:
            # False: another request was faster by a moment. Both get the same successor, so there is still only one.
            first = successor == value or store.keep_refresh(
                db, Refresh(digest_of(successor), grant.id, token.digest, now)
            )
            if first and alone and store.tell(db, grant.id, now, TOLD_EVERY):
                _note_renewal(db, client, grant, wanted, now)
            if due:
                callers.saw(db, grant.sid, now)
    return handed


REFRESH = b"refresh"  # the purpose for which the first token of a family, which only names its grant, is sealed
REFRESH_GONE = "The refresh token is unknown, revoked or expired"


def client_credentials(
    house: House,
    client: Client,
    scopes: Sequence[str] | None,
    now: datetime,
    *,
    cnf: str = "",
    resource: str | None = None,
) -> Tokens:
    """A token for a client in its own name, bound to its agency and its place in the tree (RFC 6749 4.4). Raises Refused."""
    wanted = tuple(client.api_scopes if scopes is None else dict.fromkeys(scopes))
    beyond = [scope for scope in wanted if scope not in client.api_scopes]
    if beyond or not wanted:
        raise Refused("invalid_scope", "This client is not registered for a scope that it asks for")
    reader = resources.of_client(house, client, resource, now)
    access = sign.client_token(house, client, scopes=wanted, now=now, cnf=cnf, reader=reader)
    return Tokens(access, house.settings.access_seconds, " ".join(wanted), token_type=binding.token_type(cnf))


def renewable(house: House, value: str, now: datetime) -> tuple[tuple[Refresh, Grant] | None, Caller | None]:
    """A refresh token with its grant, if that may be renewed, and its login, if that still runs.

    It may while it is neither revoked nor over, nor is its login, unless it outlives that.
    """
    first = sealed.opened(house, REFRESH, value)  # a successor is known by its digest
    with house.database.look() as db:
        found = (
            store.refresh(db, digest_of(value))
            if first is None
            else store.first(db, first.decode(), sealed.digest(value))
        )
        login = callers.login(db, found[1].sid, now) if found else None
    if found is None or not in_force(house, found[1], now) or (login is None and not found[1].offline):
        return None, None
    return found, login


def in_force(house: House, grant: Grant, now: datetime) -> bool:
    """True while the tokens of a grant may be used: it is neither revoked nor over, and who acts for somebody still may."""
    if not grant.acting_for or not grant.living_at(now):
        return grant.living_at(now)
    with house.database.read() as db:
        return principals.runs(db, grant.person, grant.acting_for, now)


def parties(db: Connection, sids: Sequence[str]) -> list[Party]:
    """Which clients took part in these logins, each once for each one of whom it was told."""
    return store.parties(db, sids)


def acting_parties(db: Connection, person: str, principal: str) -> list[Party]:
    """At which clients a person acted for a principal, as far back as grants are kept."""
    return store.acting(db, person, principal)


def used_again(house: House, value: str, client: Client, now: datetime) -> None:
    """A code that cannot be redeemed came: if it was before, somebody holds it who should not, and all that came of it falls.

    RFC 6749 4.1.2. One that was never redeemed changes nothing.
    """
    with house.database.look() as db:
        grant = store.grant(db, sealed.identity(value))
    if grant is not None and grant.client == client.id and grant.revoked is None:
        revoke.grants(house, [grant], why="code used twice", now=now)
        log.warning("code.reused", client=client.id, grant=grant.id)


# -- inside


def _usable(house: House, value: str, client: Client, now: datetime) -> tuple[Refresh, Grant, Caller | None]:
    """A refresh token of this client that may be used, with its login if that still runs. Raises Refused."""
    found, login = renewable(house, value, now)
    if found is None or found[1].client != client.id:
        raise Refused("invalid_grant", REFRESH_GONE)
    return *found, login


def _note_renewal(db: Connection, client: Client, grant: Grant, scopes: Sequence[str], now: datetime) -> None:
    facts, place = {"grant": grant.id, "scopes": list(scopes)}, client.place
    event = ledger.wrote(
        db, "grant.renewed", f"client:{client.id}", by=f"client:{client.id}", at=now, place=place, facts=facts
    )
    _note_release(db, event, client, grant, now)


def _note_release(db: Connection, event: int, client: Client, grant: Grant, now: datetime) -> None:
    """Let the person find the line that says what a service was let in to learn. Our own sites are no others."""
    if not client.first_party:
        releases.add(db, event, whose(grant), client.id, now)


def _login_runs(db: Connection, grant: Grant, now: datetime, *, held: bool = False) -> bool:
    """True while the login of the grant has a session. `held`: whoever ends it finds the grant, or this finds it over."""
    return callers.runs(db, grant.sid, now, held=held)


def _grant_of(value: str, code: Code, client: Client, cnf: str, now: datetime) -> Grant:
    return Grant(
        id=sealed.identity(value),
        client=client.id,
        person=code.person,
        sid=code.sid,
        scopes=code.scopes,
        level=code.level,
        amr=code.amr,
        auth_time=code.auth_time,
        acting_for=code.acting_for,
        data=code.data,
        made=now,
        ends=now + timedelta(days=GRANT_DAYS),
        claims=code.claims,
        resources=code.resources,
        cnf=cnf,
        authority=code.authority,
    )


def _mandates(house: House, grant: Grant, now: datetime) -> tuple[Mandate, ...]:
    """By which mandates the person acts in this grant; none where he acts for himself. Raises Refused when they are over."""
    if not grant.acting_for:
        return ()
    with house.database.read() as db:
        found = tuple(principals.mandates(db, grant.person, grant.acting_for, now))
    if not found:
        raise Refused("invalid_grant", "The mandate has ended")
    return found


def _not_beyond(grant: Grant, mandates: Sequence[Mandate]) -> Grant:
    """A grant ends with the last mandate by which its person acts."""
    ends = [one.until for one in mandates if one.until]
    if len(ends) < max(len(mandates), 1):  # one of them ends by no date, or nobody acts for anybody
        return grant
    return replace(grant, ends=min(grant.ends, max(ends)))


def _note_use(db: Connection, client: Client, mandates: Sequence[Mandate], now: datetime) -> None:
    """The one for whom somebody acts sees where: one line for each sign-in at a service, none for each renewal."""
    if mandates:
        uses.note(db, mandates[0], Act.signed_in, client.id, now)
