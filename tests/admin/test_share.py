"""One call for one person's data: only what was granted, only with the person's yes, and every refusal is written down."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given
from hypothesis import settings as tries
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey, KeySet

import app as front
from admin import admit, share, sharing, sharing_board, sources
from admin.model.datacall import Call, TooMuch
from admin.model.sharing import RequestState
from admin.store import sharing as store
from docs.figures.sharing import figures
from hub import callers, clock, ledger
from hub.house import House
from idp.consent import data
from idp.model.mandate import Mandate, Role
from idp.model.organization import Organization
from idp.provider import clients
from idp.store import data as permissions
from idp.store import mandates as mandate_store
from idp.store import organizations
from tests.admin.bodies import ASKER, CITY, ITEM, MARKET, PLATFORM, PROVIDER, Bodies
from tests.idp.rp import BoundVisit, Visit, department

COMPANY = "91880101DEM000081U"


@pytest.fixture
def bodies(house: House, app: Flask, now: datetime) -> Bodies:
    return Bodies(house, app, now)


def claims_of(bodies: Bodies, answer: Any) -> dict[str, Any]:
    """The answer's claims, checked with the published keys as any library does."""
    assert answer.status_code == 200, answer.text
    keys = KeySet.import_key_set(bodies.visit.program.get("/api/sharing/jwks").json)  # type: ignore[arg-type]
    read = jws.deserialize_compact(answer.json["data"], keys, algorithms=["ES256"])
    assert read.headers()["typ"] == "data+jwt"
    return dict(json.loads(read.payload))


def refused(bodies: Bodies, answer: Any, status: int, why: str) -> dict[str, Any]:
    """It was refused so, the ledger says so, and nothing was handed over."""
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"
    assert "data" not in answer.json
    with bodies.house.database.read() as db:
        told = ledger.events(db, kind="data.refused", limit=1)
        assert not ledger.events(db, kind="data.used")
    assert told
    assert told[0].facts["why"] == why
    return dict(answer.json)


# -- an answer


def test_only_the_granted_fields_signed_for_this_client_and_purpose(bodies: Bodies) -> None:
    grant = bodies.granted()
    answer = bodies.call(bodies.allowed(grant), grant.id, case="C-1")
    claims = claims_of(bodies, answer)
    assert claims["data"] == {"name": "示范公司", "score": "A"}  # the platform told a telephone number as well
    assert "100 0000" not in answer.text
    named = {name: claims[name] for name in ("aud", "grant", "entry", "provider", "purpose", "case")}
    assert named == {
        "aud": "demo-yunlan",
        "grant": grant.id,
        "entry": bodies.entry.id,
        "provider": MARKET,
        "purpose": ITEM,
        "case": "C-1",
    }
    assert claims["exp"] - claims["iat"] == share.SECONDS
    assert claims["sub"] == bodies.visit.claims(bodies.visit.tokens()["id_token"])["sub"]
    assert bodies.visit.person not in answer.text


@pytest.mark.parametrize("text", ['"\\ud800"', '"x\\u0000"', "[" * 900 + "]" * 900, "[" * 1500])
def test_a_call_that_nobody_can_keep_is_refused_before_it_is_looked_at(bodies: Bodies, text: str) -> None:
    for name in ("grant", "purpose", "case"):
        answer = bodies.visit.program.post(
            "/api/sharing/data", data=f'{{"{name}": {text}}}', content_type="application/json"
        )
        assert answer.status_code == 400, answer.text


def test_each_hop_is_in_the_answer(bodies: Bodies) -> None:
    grant = bodies.granted()
    answer = bodies.call(bodies.allowed(grant), grant.id)
    hops = answer.json["hops"]
    assert [(hop["who"], hop["place"]) for hop in hops] == [
        ("demo-yunlan", "hub/880000"),
        ("hub", "hub"),
        ("demo-market", CITY),
    ]
    assert all(len(hop["digest"]) == 64 for hop in hops)
    assert (hops[2]["said"], hops[2]["left_out"]) == ("ok", 1)
    assert bodies.platform.headers[0]["Traceparent"].split("-")[1] == answer.json["trace"]  # W3C Trace Context


def test_the_platform_is_told_what_for_and_no_number_unless_it_needs_one(bodies: Bodies) -> None:
    grant = bodies.granted()
    bodies.call(bodies.allowed(grant), grant.id, case="C-1")
    asked = bodies.platform.asked[0]
    assert asked["fields"] == ["name", "score"]
    assert asked["purpose"]["en"] == "To pay a benefit to companies"
    assert (asked["aud"], asked["case"]) == ("demo-market", "C-1")
    assert "holder" not in asked
    sharing.offer(bodies.house, replace(bodies.entry, tells_number=True), by=PROVIDER, now=bodies.now)
    bodies.call(bodies.allowed(grant), grant.id)
    assert bodies.platform.asked[1]["holder"] == {"number_type": "111", "number": "880101198503120015"}


def test_a_use_is_in_the_ledger_without_the_person_or_the_data(bodies: Bodies) -> None:
    grant = bodies.granted()
    bodies.call(bodies.allowed(grant), grant.id)
    with bodies.house.database.read() as db:
        told = ledger.events(db, kind="data.used")[0]
        call = store.uses_of(db, bodies.visit.person, "")[0]
    assert told.subject == f"data-use:{call.id}"
    assert {name: told.facts[name] for name in ("grant", "client", "fields", "hops")} == {
        "grant": grant.id,
        "client": "demo-yunlan",
        "fields": ["name", "score"],
        "hops": 3,
    }
    assert told.facts["purpose"] == grant.purpose_digest
    assert bodies.visit.person not in json.dumps([told.subject, told.by, told.facts])
    assert "示范公司" not in json.dumps(told.facts, ensure_ascii=False)


def test_the_register_of_licenses_answers_with_nothing_when_nothing_is_held(bodies: Bodies) -> None:
    from admin.model.sharing import Field

    fields = (Field("name", "名称", "Name"), Field("scope", "经营范围", "Scope"))
    bodies.entry = bodies.offer(source="licenses:business-license", client="", fields=fields)
    grant = bodies.granted(fields=("name",))
    refused(bodies, bodies.call(bodies.allowed(grant), grant.id), 404, "nothing-held")


# -- refusals: one for each reason


def test_without_a_token_or_with_a_forged_one(bodies: Bodies) -> None:
    grant = bodies.granted()
    token = bodies.allowed(grant)
    for wrong in ("", "x", "a.b.c", token[:-4] + "AAAA"):
        answer = bodies.call(wrong, grant.id)
        refused(bodies, answer, 401, "token")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")  # RFC 6750 3


def test_strangers_do_not_fill_the_ledger(bodies: Bodies) -> None:
    statuses = [bodies.call("x", "G-1").status_code for _ in range(admit.STRANGERS.times + 2)]
    assert statuses[-1] == 429
    with bodies.house.database.read() as db:
        assert len(ledger.events(db, kind="data.refused", limit=100)) == admit.STRANGERS.times


def test_after_the_token_has_expired(bodies: Bodies) -> None:
    grant = bodies.granted()
    token = bodies.allowed(grant)
    with clock.shifted(seconds=bodies.house.settings.access_seconds + 1):
        refused(bodies, bodies.call(token, grant.id), 401, "token")


def test_signing_in_is_no_permission(bodies: Bodies) -> None:
    grant = bodies.granted()
    answer = bodies.call(bodies.visit.tokens()["access_token"], grant.id)
    refused(bodies, answer, 403, "no-consent")


def test_a_token_of_a_program_alone_is_no_permission(bodies: Bodies) -> None:
    grant = bodies.granted()
    own = bodies.visit.token({"grant_type": "client_credentials"}).json["access_token"]  # type: ignore[index]
    refused(bodies, bodies.call(own, grant.id), 403, "no-consent")


def test_a_permission_for_one_grant_does_not_open_another(bodies: Bodies) -> None:
    one, other = bodies.granted(), bodies.granted(fields=("name",))
    refused(bodies, bodies.call(bodies.allowed(one), other.id), 403, "no-consent")
    refused(bodies, bodies.call(bodies.allowed(one), "G-unknown"), 403, "no-consent")


def test_another_client_does_not_use_the_grant(bodies: Bodies) -> None:
    grant = bodies.granted()
    clients.add(
        bodies.house, department(id="other", place="hub/880000", sector="other.example"), by="test", now=bodies.now
    )
    own = bodies.granted(client="other", fields=("name",))
    other = Visit(bodies.house, bodies.app, department(id="other", place="hub/880000", sector="other.example"))
    other.signs_in()
    bodies.visit, before = other, bodies.visit
    refused(bodies, bodies.call(bodies.allowed(own), grant.id), 403, "wrong-client")
    bodies.visit = before


@pytest.mark.parametrize("purpose", [None, "", "x", f"{MARKET}-0001", ITEM.lower()])
def test_without_the_granted_purpose(bodies: Bodies, purpose: str | None) -> None:
    grant = bodies.granted()
    refused(bodies, bodies.call(bodies.allowed(grant), grant.id, purpose=purpose), 403, "purpose")


def test_data_under_a_bound_token_need_its_key(bodies: Bodies) -> None:
    """RFC 9449 7.1; and a proof with an old nonce is told the new one, or its client could never come again (RFC 9449 9)."""
    grant = bodies.granted()
    bodies.allowed(grant)
    holder = BoundVisit(bodies.house, bodies.visit.app, bodies.visit.client, browser_of=bodies.visit)
    details = json.dumps([{"type": "urn:yinxin:data", "grant": grant.id}])
    code = holder.code(authorization_details=details, prompt="none")
    token = (holder.redeem(code, headers=holder.basic() | {"DPoP": holder.proof()}).json or {})["access_token"]

    def called(scheme: str, **changes: Any) -> Any:
        proof = holder.proof("/api/sharing/data", token=token, **changes)
        headers = {"Authorization": f"{scheme} {token}", "DPoP": proof}
        return holder.program.post("/api/sharing/data", json={"grant": grant.id, "purpose": ITEM}, headers=headers)

    assert called("DPoP").status_code == 200
    refusals = [called("Bearer"), called("DPoP", ath=None), called("DPoP", nonce="old")]
    assert [one.status_code for one in refusals] == [401, 401, 401]
    assert 'error="use_dpop_nonce"' in refusals[2].headers["WWW-Authenticate"]
    assert refusals[2].headers["DPoP-Nonce"]


def test_withdrawal_stops_the_next_call(bodies: Bodies) -> None:
    grant = bodies.granted()
    token = bodies.allowed(grant)
    with bodies.house.database.write() as db:
        data.withdraw(db, bodies.visit.person, None, grant.id, now=clock.now())
    answer = bodies.call(token, grant.id)
    refused(bodies, answer, 401, "withdrawn")
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def test_withdrawal_while_the_source_thinks_stops_this_very_call(bodies: Bodies) -> None:
    grant = bodies.granted()
    token = bodies.allowed(grant)

    def withdraw() -> None:
        with bodies.house.database.write() as db:
            data.withdraw(db, bodies.visit.person, None, grant.id, now=clock.now())

    bodies.platform.meanwhile = withdraw
    refused(bodies, bodies.call(token, grant.id), 401, "withdrawn")


def test_after_the_grant_has_ended(bodies: Bodies) -> None:
    grant = bodies.granted()
    token = bodies.allowed(grant)
    sharing.end(bodies.house, grant.id, reason="over", by=PROVIDER, now=clock.now())
    refused(bodies, bodies.call(token, grant.id), 401, "token")  # its tokens fell with it


def test_after_the_day_of_the_grant(bodies: Bodies) -> None:
    grant = bodies.granted(until=bodies.now + timedelta(minutes=2))
    token = bodies.allowed(grant)
    with clock.shifted(seconds=180):
        refused(bodies, bodies.call(token, grant.id), 403, "grant-over")


def test_after_the_entry_was_taken_out_of_the_catalogue(bodies: Bodies) -> None:
    grant = bodies.granted()
    token = bodies.allowed(grant)
    sharing.offer(bodies.house, replace(bodies.entry, ended=bodies.now), by=PROVIDER, now=bodies.now)
    refused(bodies, bodies.call(token, grant.id), 403, "grant-over")


def test_no_more_calls_in_a_day_than_granted(bodies: Bodies) -> None:
    grant = bodies.granted(per_day=2)
    token = bodies.allowed(grant)
    assert [bodies.call(token, grant.id).status_code for _ in range(3)] == [200, 200, 429]
    with bodies.house.database.read() as db:
        assert ledger.events(db, kind="data.refused")[0].facts["why"] == "volume"
    with clock.shifted(seconds=86_400):  # the next day has a count of its own
        bodies.visit.signs_in()
        assert bodies.call(bodies.allowed(grant), grant.id).status_code == 200


def test_after_the_person_signed_out_the_token_still_falls_with_its_grant(bodies: Bodies) -> None:
    grant = bodies.granted()
    token = bodies.allowed(grant)
    with bodies.house.database.write() as db:
        callers.revoke(db, "demo-yunlan", clock.now(), clock.now() + timedelta(hours=1))  # the client was closed
    refused(bodies, bodies.call(token, grant.id), 401, "token")


# -- the other platform fails


FAULTS: dict[str, tuple[Callable[[Bodies], object], str]] = {
    "signed by another key": (
        lambda b: setattr(b.platform, "key", ECKey.generate_key("P-256", parameters={"kid": "platform-1"})),
        "source-wrong",
    ),
    "signed by an unknown key": (lambda b: setattr(b.platform, "kid", "platform-9"), "source-wrong"),
    "of another type": (lambda b: setattr(b.platform, "typ", "JWT"), "source-wrong"),
    "no token at all": (lambda b: setattr(b.platform, "body", "hello"), "source-wrong"),
    "for another hub": (lambda b: b.platform.claims.update(aud="http://other.example"), "source-wrong"),
    "from somebody else": (lambda b: b.platform.claims.update(iss="demo-civil"), "source-wrong"),
    "for another question": (lambda b: b.platform.claims.update(in_reply_to="x"), "source-wrong"),
    "kept from yesterday": (lambda b: b.platform.claims.update(iat=1_700_000_000), "source-wrong"),
    "without a time": (lambda b: b.platform.claims.update(iat=None), "source-wrong"),
    "without data": (lambda b: b.platform.claims.update(data=None), "source-wrong"),
    "a field is missing": (lambda b: b.platform.data.pop("score"), "source-wrong"),
    "an error": (lambda b: setattr(b.platform, "status", 500), "source-down"),
    "too large": (lambda b: setattr(b.platform, "body", "x" * 2_000_000), "source-down"),
    "it knows nobody": (lambda b: setattr(b.platform, "status", 404), "nothing-held"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_no_half_answer_when_the_platform_fails(bodies: Bodies, fault: str) -> None:
    grant = bodies.granted()
    token = bodies.allowed(grant)
    spoil, why = FAULTS[fault]
    spoil(bodies)
    body = refused(bodies, bodies.call(token, grant.id), 404 if why == "nothing-held" else 503, why)
    with bodies.house.database.read() as db:
        call = store.call_of_trace(db, body["trace"])
    assert call is not None
    assert (call.outcome, call.fields) == (why, ())
    assert call.hops[-1].said == why  # the trace shows where it stopped


def test_a_platform_that_is_down(bodies: Bodies, monkeypatch: pytest.MonkeyPatch) -> None:
    grant = bodies.granted()
    token = bodies.allowed(grant)
    bodies.house.fetch._here.pop("localhost:8003")
    answer = bodies.call(token, grant.id)  # nobody listens there, or it is not allowed: nothing is handed over
    assert answer.headers["Retry-After"]
    refused(bodies, answer, 503, "source-down")


def test_calls_that_were_lost_are_closed(bodies: Bodies, now: datetime) -> None:
    with bodies.house.database.write() as db:
        store.add_call(db, Call("c1", "t1", "demo-yunlan", CITY, now - timedelta(minutes=5)))
        store.add_call(db, Call("c2", "t2", "demo-yunlan", CITY, now))
    assert share.forget_lost(bodies.house, now) == 1
    with bodies.house.database.read() as db:
        lost = store.call_of_trace(db, "t1")
    assert lost is not None
    assert lost.outcome == "lost"


# -- the form of a call, and what a client may see


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {"grant": 1},
        {"grant": "g", "fields": ["number"]},
        {"case": "a b"},
        {"case": "x" * 41},
        "text",
        {"grant": "\0"},
    ],
)
def test_a_call_of_another_form_is_not_judged(bodies: Bodies, body: Any) -> None:
    answer = bodies.visit.program.post("/api/sharing/data", json=body, headers={"Authorization": "Bearer x"})
    assert answer.status_code == 400


def test_a_call_is_short(bodies: Bodies) -> None:
    assert bodies.call("x", "g" * 3000).status_code == 400


@tries(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=200), st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=60))
def test_whatever_is_sent_is_answered_in_words(bodies: Bodies, body: bytes, token: str) -> None:
    answer = bodies.visit.program.post(
        "/api/sharing/data", data=body, headers={"Authorization": f"Bearer {token}"}, content_type="application/json"
    )
    assert answer.status_code in (400, 401, 403, 429)


def test_a_client_sees_its_own_grants_alone(bodies: Bodies) -> None:
    grant = bodies.granted()
    lister = department(
        id="demo-yunlan", place="hub/880000", scopes=(*department().scopes, "data:list"), sector="y.example"
    )
    clients.add(bodies.house, lister, by="test", now=bodies.now)
    own = bodies.visit.token({"grant_type": "client_credentials", "scope": "data:list"}).json["access_token"]  # type: ignore[index]
    listed = bodies.visit.program.get("/api/sharing/grants", headers={"Authorization": f"Bearer {own}"}).json
    assert listed
    assert [one["grant"] for one in listed["grants"]] == [grant.id]
    assert bodies.visit.program.get("/api/sharing/grants").status_code == 401


# -- figures


def test_the_board_is_counted_again_from_the_ledger(bodies: Bodies) -> None:
    grant = bodies.granted()
    token = bodies.allowed(grant)
    bodies.call(token, grant.id)
    bodies.call(token, grant.id, purpose="other")
    sharing.decide(bodies.house, bodies.asked().id, approve=False, reason="no", by=PROVIDER, now=bodies.now)
    sharing.end(bodies.house, bodies.granted().id, reason="no", by=ASKER, now=bodies.now)
    bodies.asked()
    with bodies.house.database.write() as db:
        data.withdraw(db, bodies.visit.person, None, grant.id, now=clock.now())
    bodies.call(token, grant.id)
    for scope in ("hub", CITY):
        with bodies.house.database.read() as db:
            lines = [json.loads(json.dumps(line)) for line in ledger.export(db, scope=scope)]
        shown = sharing_board.figures_now(bodies.house, scope)
        assert figures(lines) == shown
        assert {name: shown[name] for name in ("entries", "calls", "refusals", "withdrawals", "median hops")} == {
            "entries": 1,
            "calls": 1,
            "refusals": 2,
            "withdrawals": 1,
            "median hops": 3,
        }
        assert [shown[f"requests {state.value}"] for state in RequestState] == [1, 1, 1, 1]
    assert sharing_board.figures_now(bodies.house, "hub/870000")["calls"] == 0


def test_the_keys_of_answers_are_published_and_on_no_other_list(bodies: Bodies) -> None:
    published = json.loads(sources.jwks(bodies.house))["keys"]
    assert [key["kid"] for key in published] == [bodies.house.keys.kid(share.KEY)]
    assert "d" not in published[0]
    assert PLATFORM not in json.dumps(published)


def test_of_many_calls_at_once_no_more_are_answered_than_granted(house_on: House, now: datetime) -> None:
    """On both databases: the count is taken under a lock."""
    bodies = Bodies(house_on, front.create_app(house_on.settings, house=house_on), now)
    grant = bodies.granted(per_day=2)
    token = bodies.allowed(grant)
    asked = admit.Asked(token, grant.id, ITEM, "", share.digest_of(b""), "net")

    def ask(_: int) -> str:
        try:
            return share.share(house_on, asked, clock.now()).call.outcome
        except TooMuch as problem:
            return problem.why

    with ThreadPoolExecutor(6) as many:
        ended = sorted(many.map(ask, range(6)))
    assert ended == ["answered"] * 2 + ["volume"] * 4


def test_withdrawal_revokes_the_grant_on_both_databases(house_on: House, now: datetime) -> None:
    bodies = Bodies(house_on, front.create_app(house_on.settings, house=house_on), now)
    grant, other = bodies.granted(), bodies.granted(fields=("name",))
    token, kept = bodies.allowed(grant), bodies.allowed(other)
    with house_on.database.write() as db:
        data.withdraw(db, bodies.visit.person, None, grant.id, now=clock.now())
    assert bodies.visit.userinfo(token).status_code == 401
    assert bodies.visit.userinfo(kept).status_code == 200
    assert bodies.call(kept, other.id).status_code == 200


def test_who_acted_for_a_company_gives_nothing_of_it_once_the_mandate_is_over(bodies: Bodies, now: datetime) -> None:
    bodies.visit.signs_in(acting_for=COMPANY)
    mandate = Mandate("m1", COMPANY, bodies.visit.person, Role.legal_representative, since=now)
    with bodies.house.database.write() as db:
        organizations.keep(db, Organization(COMPANY, "望舒示范餐饮有限公司", "key", now))
        mandate_store.add(db, mandate)
    grant = bodies.granted()
    with bodies.house.database.write() as db:
        permission = permissions.permission(db, grant.id)
        assert permission
        data.allow(db, bodies.visit.person, COMPANY, permission, now=now)
    details = json.dumps([{"type": "urn:yinxin:data", "grant": grant.id}])
    token = str(bodies.visit.tokens(authorization_details=details, prompt="none")["access_token"])
    assert bodies.call(token, grant.id).status_code == 200
    with bodies.house.database.write() as db:
        mandate_store.end(db, mandate.ended_at(clock.now(), "over"))  # by its day: nobody has ended a login
    answer = bodies.call(token, grant.id)
    assert (answer.status_code, answer.json["why"]) == (401, "token")
    assert len(bodies.platform.asked) == 1
