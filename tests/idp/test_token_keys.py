"""The life of token keys: published, active, retired, removed (OpenID Connect Core 10.1.1, RFC 7517 5).

Every relying party may keep our key set for as long as its Cache-Control says, so each test moves the clock by that.
"""

import base64
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from shutil import copytree

import pytest
from click.testing import CliRunner
from flask import Flask

import app as front
from hub import callers, clock, ledger, token_keys
from hub.db import Database
from hub.house import House, open_house
from hub.problems import NotSignedIn
from hub.settings import Settings
from hub.token_keys import NoTokenKey, State
from idp.provider.tokens import read, sign
from tests.idp.rp import Visit, department

LIFE = timedelta(seconds=600)
ALGORITHMS = ("ES256", "RS256", "PS256", "EdDSA")


def kid(token: str) -> str:
    part = token.split(".", maxsplit=1)[0]
    return str(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))["kid"])


def shown(house: House) -> set[str]:
    return {key["kid"] for key in json.loads(token_keys.jwks(house, clock.now()))["keys"]}


def signs(house: House, algorithm: str = "ES256") -> str:
    return token_keys.signer(house, algorithm, clock.now()).kid


@pytest.fixture
def visit(house: House, app: Flask) -> Visit:
    made = Visit(house, app, department())
    made.signs_in()
    return made


def test_a_new_key_signs_only_after_everybody_had_to_fetch_the_set_again(house: House) -> None:
    """The signing key is never younger in the set than the time for which others may keep it."""
    before = signs(house)
    (fresh,) = token_keys.rotate(house, "test", clock.now(), life=LIFE, algorithms=["ES256"])
    assert shown(house) >= {before, fresh.kid}
    assert signs(house) == before
    with clock.shifted(house.settings.jwks_seconds):
        assert signs(house) == before  # the last one who fetched the old set may still hold it
    with clock.shifted(token_keys.wait(house).total_seconds() + 1):
        assert signs(house) == fresh.kid
    assert token_keys.wait(house) > timedelta(seconds=house.settings.jwks_seconds + 10)  # clocks differ by 10 s


def test_an_old_key_stays_until_the_last_token_that_it_signed_has_expired(house: House) -> None:
    before = signs(house)
    token_keys.rotate(house, "test", clock.now(), life=sign.longest(house), algorithms=["ES256"])
    changes = token_keys.wait(house).total_seconds()
    with clock.shifted(changes + house.settings.access_seconds):
        assert before in shown(house)
    with clock.shifted(changes + house.settings.access_seconds + 15):
        assert before not in shown(house)


def test_each_moment_has_one_state(house: House) -> None:
    old = token_keys.signer(house, "ES256", clock.now())
    (fresh,) = token_keys.rotate(house, "test", clock.now(), life=LIFE, algorithms=["ES256"])
    old = token_keys.ring(house).by_kid[old.kid]
    moments = (fresh.published, fresh.signs, old.leaves)
    assert [old.state(at) for at in moments if at] == [State.active, State.retired, State.removed]
    assert [fresh.state(at) for at in moments if at] == [State.published, State.active, State.active]


def test_an_id_token_of_a_removed_key_is_still_a_hint(visit: Visit) -> None:
    hint = visit.tokens()["id_token"]
    token_keys.rotate(visit.house, "test", clock.now(), life=LIFE)
    with clock.shifted(86_400):
        assert kid(hint) not in shown(visit.house)
        assert read.hint(visit.house, hint)["aud"] == visit.client.id


def test_tokens_of_a_retired_key_are_taken_until_they_expire(visit: Visit) -> None:
    access = visit.tokens()["access_token"]
    token_keys.rotate(visit.house, "test", clock.now(), life=LIFE)
    with clock.shifted(token_keys.wait(visit.house).total_seconds() + 5):
        assert visit.userinfo(access).status_code == 200
        after = visit.tokens()
        assert kid(after["access_token"]) != kid(access)
        assert visit.claims(after["id_token"])["aud"] == visit.client.id


def test_rotate_keys_as_the_conformance_suite_does(visit: Visit) -> None:
    """OIDCCServerRotateKeys: the set gains a key, and a later ID token is signed by it and verifies."""
    before = {key["kid"] for key in visit.program.get("/oidc/jwks").json["keys"]}  # type: ignore[index]
    first = visit.tokens()["id_token"]
    token_keys.rotate(visit.house, "test", clock.now(), life=LIFE)
    response = visit.program.get("/oidc/jwks")
    assert response.headers["Cache-Control"] == f"public, max-age={visit.house.settings.jwks_seconds}"
    added = {key["kid"] for key in response.json["keys"]} - before  # type: ignore[index]
    assert len(added) == len(ALGORITHMS)
    with clock.shifted(token_keys.wait(visit.house).total_seconds() + 1):
        later = visit.tokens()["id_token"]
        assert kid(first) in before
        assert kid(later) in added
        assert visit.claims(later)["sub"] == visit.claims(first)["sub"]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_client_may_name_each_algorithm(house: House, app: Flask, algorithm: str) -> None:
    """OpenID Connect Registration 2, id_token_signed_response_alg."""
    visit = Visit(house, app, department(id_token_algorithm=algorithm))
    visit.signs_in()
    token = visit.tokens()["id_token"]
    assert kid(token) == signs(house, algorithm)
    keys = {key["kid"]: key for key in visit.program.get("/oidc/jwks").json["keys"]}  # type: ignore[index]
    assert keys[kid(token)]["alg"] == algorithm
    assert not {"d", "p", "q", "dp", "dq", "qi"} & {name for key in keys.values() for name in key}
    assert read.hint(house, token)["aud"] == visit.client.id


def test_the_first_key_of_an_algorithm_signs_at_once(house: House) -> None:
    """An installation of an earlier release has none for PS256: nobody can hold a set without it for longer than before."""
    with house.database.write() as db:
        db.execute(token_keys.token_key_table.delete())
    house.cache.clear()
    assert token_keys.signer(house, "PS256", clock.now()).state(clock.now()) is State.active
    assert len(shown(house)) == len(ALGORITHMS)


def test_keys_of_an_earlier_release_go_on(house: House) -> None:
    with house.database.write() as db:
        db.execute(token_keys.token_key_table.delete())
    token_keys.begin(house, clock.now())
    assert signs(house) == house.keys.kid("tokens-1")
    assert signs(house, "RS256") == house.keys.kid("tokens-1-rs")


# -- emergency


def test_an_emergency_withdraws_what_a_key_signed(visit: Visit) -> None:
    """A stolen key: nothing that bears its signature is believed any more, from this moment, in any process."""
    tokens = visit.tokens()
    stolen = kid(tokens["id_token"])
    token_keys.replace_now(visit.house, "test", clock.now(), algorithms=["ES256"])
    assert stolen not in shown(visit.house)
    assert signs(visit.house) != stolen
    assert visit.userinfo(tokens["access_token"]).status_code == 401
    with pytest.raises(read.NotAToken):
        read.hint(visit.house, tokens["id_token"])
    assert visit.userinfo(visit.tokens()["access_token"]).status_code == 200


def test_an_emergency_closes_our_own_api_to_what_a_key_signed(house: House) -> None:
    token = sign.client_token(house, department(), scopes=["verify"], now=clock.now())
    assert callers.read_token(house, token, clock.now()).client
    token_keys.replace_now(house, "test", clock.now())
    with pytest.raises(NotSignedIn):
        callers.read_token(house, token, clock.now())


# -- several machines and processes


@pytest.fixture
def other_machine(house: House, tmp_path: Path) -> Iterator[House]:
    """A second machine: the same database, a key folder that was copied before."""
    folder = tmp_path / "other"
    copytree(house.settings.data / "keys", folder / "keys")
    settings = house.settings.model_copy(update={"data": folder, "database_url": house.settings.database})
    opened = open_house(Settings.model_construct(**settings.__dict__))
    yield opened
    opened.close()


def test_another_machine_signs_with_a_key_that_was_made_here(house: House, other_machine: House) -> None:
    """The private half travels encrypted as it stands in the folder; nobody copies files between machines."""
    assert signs(house) == signs(other_machine)
    (fresh,) = token_keys.rotate(house, "test", clock.now(), life=LIFE, algorithms=["ES256"])
    with clock.shifted(token_keys.wait(house).total_seconds() + 1):
        other_machine.cache.clear()  # as after the second that a process works on with what it has read
        token = sign.client_token(other_machine, department(), scopes=["verify"], now=clock.now())
        assert kid(token) == fresh.kid
        assert callers.read_token(house, token, clock.now()).client


def test_a_key_that_no_machine_gives_is_a_clear_refusal(house: House, other_machine: House) -> None:
    (fresh,) = token_keys.replace_now(house, "test", clock.now(), algorithms=["ES256"])
    with house.database.write() as db:
        db.execute(token_keys.token_key_table.update().values(carried=None))
    other_machine.cache.clear()
    with pytest.raises(NoTokenKey):
        token_keys.private(other_machine, fresh)


def test_an_unknown_kid_is_looked_up_at_once(house: House, other_machine: House) -> None:
    """What another process signed a moment ago is not refused for a second."""
    token_keys.ring(other_machine)
    token_keys.replace_now(house, "test", clock.now(), algorithms=["ES256"])
    token = sign.client_token(house, department(), scopes=["verify"], now=clock.now())
    kept = other_machine.cache["token-ring"]
    other_machine.cache["token-ring"] = (kept[0] - 0.2, kept[1])
    assert callers.read_token(other_machine, token, clock.now()).client


def test_no_kid_of_a_stranger_makes_more_than_ten_looks_a_second(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    token_keys.ring(house)
    looks = []
    monkeypatch.setattr(Database, "read", lambda _: looks.append(1))
    for number in range(50):
        assert callers.token_key(house, f"stranger-{number}") is None
    assert not looks


def test_two_who_rotate_at_once_leave_one_signer(house_on: House) -> None:
    now = clock.now()
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: token_keys.rotate(house_on, "t", now, life=LIFE, algorithms=["ES256"]), range(4)))
    with house_on.database.read() as db:
        es = [key for key in token_keys.read(db) if key.algorithm == "ES256"]
    assert len([key for key in es if key.retires is None]) == 1
    assert len(es) == 5
    house_on.cache.clear()  # as after the second that a process works on with what it has read
    with clock.shifted(token_keys.wait(house_on).total_seconds() + 1):
        active = [key for key in es if key.state(clock.now()) is State.active]
        assert [key.kid for key in active] == [signs(house_on)]


# -- what time brings


def test_the_ticker_changes_the_key_after_its_days_and_tells_each_step(house: House) -> None:
    old = signs(house)

    def keep() -> None:
        token_keys.keep(house, clock.now(), life=LIFE, days=90)

    keep()
    with clock.shifted(86_400 * 90 + 5):
        keep()
        keep()  # a second turn changes nothing
        with house.database.read() as db:
            (fresh,) = [key for key in token_keys.read(db) if key.algorithm == "ES256" and key.kid != old]
    with clock.shifted(86_400 * 90 + 5 + token_keys.wait(house).total_seconds() + 1):
        keep()
        assert signs(house) == fresh.kid
        assert house.keys.exists("tokens-1")
    with clock.shifted(86_400 * 91):
        keep()
        house.cache.clear()
        token_keys.ring(house)  # as every process reads the rows each second
        assert not house.keys.exists("tokens-1")  # the private half is destroyed
    with house.database.read() as db:
        told = [(event.kind, event.subject) for event in ledger.events(db, limit=200) if "token-key" in event.kind]
    assert {kind for kind, subject in told if subject == f"key:{old}"} == {
        f"token-key.{state}" for state in ("active", "retired", "removed")
    }
    assert {kind for kind, subject in told if subject == f"key:{fresh.kid}"} == {
        f"token-key.{state}" for state in ("published", "active")
    }


def test_nothing_is_changed_by_itself_when_the_setting_says_so(house: House) -> None:
    with clock.shifted(86_400 * 3650):
        token_keys.keep(house, clock.now(), life=LIFE, days=0)
        assert signs(house) == house.keys.kid("tokens-1")


def test_the_table_does_not_grow(house: House) -> None:
    for turn in range(6):
        with clock.shifted(86_400 * 400 * turn):
            token_keys.rotate(house, "test", clock.now(), life=LIFE)
            token_keys.keep(house, clock.now(), life=LIFE, days=0)
    with house.database.read() as db:
        assert len(token_keys.read(db)) <= 3 * len(ALGORITHMS)


# -- the command


def command(house: House, *words: str, say: str = "") -> str:
    assert house.settings.passphrase
    given = {
        "YINXIN_PROFILE": "demo",
        "YINXIN_DATA": str(house.settings.data),
        "YINXIN_REDIS_URL": house.settings.redis_url,
        "YINXIN_PASSPHRASE": house.settings.passphrase.get_secret_value(),
    }
    result = CliRunner().invoke(front.main, list(words), input=say, env=given)
    assert result.exit_code in {0, 1}, result.output
    return result.output


def test_an_operator_lists_and_changes_keys(house: House) -> None:
    listed = command(house, "keys", "list")
    assert listed.count("active") == len(ALGORITHMS)
    changed = command(house, "keys", "rotate", "--algorithm", "ES256")
    assert "published" in changed
    assert changed.count("\n") == 1


def test_the_emergency_says_what_breaks_and_asks(house: House) -> None:
    before = signs(house)
    said = command(house, "keys", "rotate", "--now", say="n\n")
    assert "refused" in said
    assert "300 seconds" in said
    house.cache.clear()
    assert signs(house) == before
    command(house, "keys", "rotate", "--now", "--yes")
    house.cache.clear()
    assert signs(house) != before
