"""What persons agreed to: kept, widened, withdrawn."""

from dataclasses import replace
from datetime import timedelta

import pytest

from hub import clock, ledger
from idp.consent import consents
from idp.model.consent import TEXT_VERSION, Consent
from idp.store import consents as store
from tests.idp.rp import Visit


@pytest.fixture
def person(visit: Visit) -> Visit:
    visit.signs_in(agrees=False)
    return visit


def agree(visit: Visit, *scopes: str) -> None:
    with visit.house.database.write() as db:
        consents.grant(db, visit.person, visit.client, scopes, now=clock.now())


def granted(visit: Visit, *scopes: str) -> bool:
    with visit.house.database.read() as db:
        return consents.granted(db, visit.person, visit.client, scopes)


def test_nobody_has_agreed_to_anything_at_first(person: Visit) -> None:
    assert not granted(person, "openid")
    assert person.answer(prompt="none")["error"] == "consent_required"


def test_agreement_covers_what_was_shown_and_less(person: Visit) -> None:
    agree(person, "openid", "profile")
    assert granted(person, "openid", "profile")
    assert granted(person, "openid")
    assert "code" in person.answer(prompt="none")


def test_more_scopes_ask_again_and_widen(person: Visit) -> None:
    agree(person, "openid", "profile")
    assert person.answer(prompt="none", scope="openid realname")["error"] == "consent_required"
    agree(person, "openid", "realname")
    assert granted(person, "openid", "profile", "realname")


def test_another_text_asks_again_and_forgets_the_old(person: Visit) -> None:
    old = Consent(person.person, person.client.id, frozenset({"openid", "realname"}), clock.now(), TEXT_VERSION - 1)
    with person.house.database.write() as db:
        store.keep(db, old)
    assert not granted(person, "openid")
    agree(person, "openid")
    assert not granted(person, "realname")


def test_agreement_is_with_one_client_by_one_person(person: Visit) -> None:
    agree(person, "openid")
    other = replace(person.client, id="other")
    with person.house.database.read() as db:
        assert not consents.granted(db, person.person, other, ["openid"])
        assert not consents.granted(db, "somebody", person.client, ["openid"])


def test_withdrawing_takes_effect_at_once(person: Visit) -> None:
    agree(person, "openid", "profile")
    tokens = person.tokens()
    with person.house.database.write() as db:
        consents.withdraw(db, person.person, person.client.id, by="person", now=clock.now())
    assert person.userinfo(tokens["access_token"]).status_code == 401
    assert person.refresh(tokens["refresh_token"]).status_code == 400
    assert person.answer(prompt="none")["error"] == "consent_required"


def test_what_was_agreed_and_withdrawn_stands_in_the_ledger(person: Visit) -> None:
    agree(person, "openid")
    for _ in range(2):
        with person.house.database.write() as db:
            consents.withdraw(db, person.person, person.client.id, by="person", now=clock.now())
    with person.house.database.read() as db:
        events = ledger.events(db, subject=f"person:{person.person}")
    assert [event.kind for event in events] == ["consent.withdrawn", "consent.granted"]
    assert events[1].facts == {"client": person.client.id, "scopes": ["openid"], "text": TEXT_VERSION}


def test_a_person_sees_all_agreements_newest_first(person: Visit) -> None:
    agree(person, "openid")
    later = clock.now() + timedelta(seconds=1)
    with person.house.database.write() as db:
        consents.grant(db, person.person, replace(person.client, id="other"), ["openid"], now=later)
    with person.house.database.read() as db:
        assert [one.client for one in consents.all_of(db, person.person)] == ["other", person.client.id]
        assert consents.standing(db, person.person, person.client)
