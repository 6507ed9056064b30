"""Service items: a draft has its sandbox at once, a second person puts exactly that into production, levels and ends hold."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from admin import approvals, item_clients, item_figures, services
from admin.model.approval import Approval, NoApproval, NotOpen, OtherText, OwnRequest
from admin.model.item import Access, ItemState, ItemWrong, NoItem, ServiceItem, State
from admin.model.operator import Right
from admin.store import items as store
from docs.figures.services import figures
from hub import ledger, tree
from hub.callers import Caller
from hub.house import House
from hub.problems import BadRequest
from hub.tree import Place
from idp.model.client import Client, ClientAuth, GrantType
from idp.provider import clients, sandbox
from idp.store import clients as client_store
from licenses import kinds
from seals import store as seals
from seals.model import Agency
from seals.model.problems import AgencyUnknown
from tests.admin import offices
from tests.admin.test_items import ITEM, MARKET, QIYUN
from tests.idp.rp import KEY

PUBLIC = {name: value for name, value in KEY.as_dict().items() if name in ("kty", "crv", "x", "y", "kid")}
OWN = Access(
    redirect_uris=("https://food.qiyun.example/callback",),
    keys=(PUBLIC,),
    trial_uris=("http://localhost:4000/callback",),
    scopes=("openid", "profile", "offline_access", "licenses:read"),
    purpose="办理小餐饮登记",
    purpose_en="To register a small food business",
)
AT_SITE = replace(ITEM, url="https://food.qiyun.example/apply", access=OWN)
RIGHTS = frozenset(right.value for right in Right)
ANNA = Caller(person="anna", place=QIYUN, rights=RIGHTS)
BO = Caller(person="bo", place="hub/880000", rights=RIGHTS)
ELSEWHERE = Caller(person="chen", place="hub/870000", rights=RIGHTS)


@pytest.fixture
def office(house_on: House, now: datetime) -> House:
    """An installation with two provinces and the market regulation of one city."""
    with house_on.database.write() as db:
        for path in ("hub/880000", QIYUN, "hub/870000"):
            tree.keep(db, Place(path, "place", path[-6:], path, path))
        seals.keep_agency(db, Agency(MARKET, "栖云市市场监督管理局", "Qiyun Market Regulation", QIYUN))
    offices.proved(house_on, "anna", "bo", "chen", "dora")
    return house_on


def describe(office: House, item: ServiceItem = AT_SITE, now: datetime | None = None, **more: Any) -> ServiceItem:
    given: dict[str, Any] = {"new": True, "by": ANNA} | more
    assert now
    return services.describe(office, item, now=now, **given)


def live(office: House, now: datetime, item: ServiceItem = AT_SITE, **more: Any) -> ServiceItem:
    """Draft it, ask, decide."""
    made = describe(office, item, now, **more)
    decide(office, propose(office, made.code, now), now)
    return known(office, made.code)


def propose(office: House, code: str, now: datetime, by: Caller = ANNA) -> Approval:
    return services.propose(office, code, reason="ready", by=by, now=now)


def decide(office: House, asked: Approval, now: datetime, by: Caller = BO, **changes: Any) -> Approval:
    given: dict[str, Any] = {"approve": True, "digest": asked.digest, "words": ""} | changes
    return approvals.decide(office, asked.id, by=by, now=now, **given)


def known(office: House, code: str = ITEM.code) -> ServiceItem:
    with office.database.read() as db:
        return store.item(db, code)


def client(office: House, id: str = ITEM.code) -> Client | None:
    with office.database.read() as db:
        return client_store.client(db, id)


def counted(office: House, now: datetime) -> None:
    """The board and the ledger tell the same."""
    with office.database.read() as db:
        board = item_figures.figures(db, tree.ROOT, now)
        events = ledger.events(db, limit=1000)
    lines = [{"kind": one.kind, "subject": one.subject, "facts": one.facts} for one in reversed(events)]
    assert figures(lines) == board


# -- drafts


def test_a_new_service_of_a_department_lives_under_fapi2(office: House, now: datetime) -> None:
    """FAPI 2.0 Security Profile, by choice of the form; what was decided before stays as it was."""
    live(office, now, replace(AT_SITE, access=replace(OWN, policy="fapi2")))
    with office.database.read() as db:
        made = [client_store.client(db, id) for id in (AT_SITE.code, f"{AT_SITE.code}-sandbox")]
    named = {(one.policy.name, one.agency_name, one.agency_name_en) for one in made if one}
    assert named == {("fapi2", "栖云市市场监督管理局", "Qiyun Market Regulation")}
    with pytest.raises(ItemWrong):
        describe(office, replace(AT_SITE, code=f"{MARKET}-0002", access=replace(OWN, policy="legacy")), now)


def test_a_draft_has_its_sandbox_at_once_and_no_production_client(office: House, now: datetime) -> None:
    made = describe(office, now=now)
    assert (made.state, made.version, made.place, made.region) == (State.draft, 1, QIYUN, "880100")
    trial = client(office, item_clients.sandbox_id(ITEM.code))
    assert trial is not None
    assert trial.sandbox
    assert trial.auth is ClientAuth.private_key_jwt
    assert trial.redirect_uris == ("http://localhost:4000/callback", "https://food.qiyun.example/callback")
    assert trial.scopes == ("openid", "profile", "offline_access"), "a sandbox does not reach licenses"
    assert client(office) is None
    with office.database.read() as db:
        assert store.public(db) == []
    counted(office, now)


@pytest.mark.parametrize(
    ("field", "item"),
    [
        ("name", replace(AT_SITE, name="")),
        ("kind", replace(AT_SITE, kind="residence-permit")),  # another agency's
        ("kind", replace(AT_SITE, kind="nothing")),
        ("licenses", replace(AT_SITE, licenses=("nothing",))),
        ("client", replace(AT_SITE, access=None, client="nobody")),
        ("client", replace(AT_SITE, access=None, client="wallet")),
        ("redirect_uris", replace(AT_SITE, access=replace(OWN, redirect_uris=()))),
        ("redirect_uris", replace(AT_SITE, access=replace(OWN, redirect_uris=("http://localhost/cb",)))),
        ("redirect_uris", replace(AT_SITE, access=replace(OWN, redirect_uris=("https://a.b/#x",)))),
        ("redirect_uris", replace(AT_SITE, access=replace(OWN, redirect_uris=("https://a.b/", "https://c.d/")))),
        ("trial_uris", replace(AT_SITE, access=replace(OWN, trial_uris=("http://dev.example/",)))),
        ("post_logout_uris", replace(AT_SITE, access=replace(OWN, post_logout_uris=("http://localhost/",)))),
        ("backchannel_logout_uri", replace(AT_SITE, access=replace(OWN, backchannel_logout_uri="x"))),
        ("events_uri", replace(AT_SITE, access=replace(OWN, events_uri="http://market.example/events"))),
        ("scopes", replace(AT_SITE, access=replace(OWN, scopes=("openid", "admin:all")))),
        ("purpose", replace(AT_SITE, access=replace(OWN, purpose=""))),
        ("keys", replace(AT_SITE, access=replace(OWN, keys=({"kty": "EC"},)))),
        ("keys", replace(AT_SITE, access=replace(OWN, keys=()))),
    ],
)
def test_a_wrong_description_is_refused_and_nothing_is_kept(
    office: House, now: datetime, field: str, item: ServiceItem
) -> None:
    with pytest.raises(ItemWrong) as refused:
        describe(office, item, now)
    assert field in refused.value.fields
    with office.database.read() as db:
        assert store.versions(db, ITEM.code) == []
    assert client(office, item_clients.sandbox_id(ITEM.code)) is None


def test_an_agency_of_another_place_is_not_found(office: House, now: datetime) -> None:
    with pytest.raises(AgencyUnknown):
        describe(office, now=now, by=ELSEWHERE)


def test_a_code_is_given_once(office: House, now: datetime) -> None:
    describe(office, now=now)
    with pytest.raises(ItemWrong) as refused:
        describe(office, now=now)
    assert refused.value.fields == ("taken",)
    with pytest.raises(NoItem):
        describe(office, replace(ITEM, code=f"{MARKET}-7777"), now, new=False)


def test_a_draft_may_be_changed_and_thrown_away_with_its_sandbox(office: House, now: datetime) -> None:
    describe(office, now=now)
    assert describe(office, replace(AT_SITE, name="小餐饮备案"), now, new=False).version == 1
    with pytest.raises(NoItem):
        services.drop(office, ITEM.code, by=ELSEWHERE, now=now)
    services.drop(office, ITEM.code, by=ANNA, now=now)
    trial = client(office, item_clients.sandbox_id(ITEM.code))
    assert trial is not None
    assert trial.ended is not None
    with pytest.raises(NoItem):
        known(office)
    counted(office, now)


# -- two persons


def test_what_was_asked_is_what_comes_into_force(office: House, now: datetime) -> None:
    describe(office, now=now)
    asked = propose(office, ITEM.code, now)
    counted(office, now)
    decide(office, asked, now)
    made, program = known(office), client(office)
    assert (made.state, made.version, made.client) == (State.production, 1, ITEM.code)
    assert store.body(made) == asked.body
    assert program is not None
    assert (program.keys, program.redirect_uris, program.level) == ((PUBLIC,), OWN.redirect_uris, 2)
    assert program.grant_types == (GrantType.code, GrantType.refresh, GrantType.client_credentials)
    assert not program.sandbox
    counted(office, now)


def test_the_requester_cannot_approve(office: House, now: datetime) -> None:
    describe(office, now=now)
    with pytest.raises(OwnRequest):
        decide(office, propose(office, ITEM.code, now), now, by=ANNA)
    assert known(office).state is State.draft
    assert client(office) is None


def test_not_even_with_a_program_or_another_place_in_his_hand(office: House, now: datetime) -> None:
    describe(office, now=now)
    asked = propose(office, ITEM.code, now)
    for somebody in (replace(ANNA, place="hub"), replace(ANNA, acting_for=MARKET), replace(BO, person=None)):
        with pytest.raises(OwnRequest):
            decide(office, asked, now, by=somebody)
    assert client(office) is None


def test_who_looks_after_another_place_does_not_even_find_the_request(office: House, now: datetime) -> None:
    describe(office, now=now)
    with pytest.raises(NoApproval):
        decide(office, propose(office, ITEM.code, now), now, by=ELSEWHERE)


def test_a_decision_on_another_text_is_refused(office: House, now: datetime) -> None:
    describe(office, now=now)
    asked = propose(office, ITEM.code, now)
    with pytest.raises(OtherText):
        decide(office, asked, now, digest="0" * 64)
    assert known(office).state is State.draft


def test_nobody_changes_or_drops_what_waits(office: House, now: datetime) -> None:
    describe(office, now=now)
    propose(office, ITEM.code, now)
    for step in (
        lambda: describe(office, replace(AT_SITE, level=1), now, new=False),
        lambda: services.drop(office, ITEM.code, by=ANNA, now=now),
        lambda: propose(office, ITEM.code, now),
        lambda: services.ask_to_end(office, ITEM.code, basis="x", by=ANNA, now=now),
    ):
        with pytest.raises(ItemState):
            step()


def test_one_decision_counts(office: House, now: datetime) -> None:
    describe(office, now=now)
    asked = propose(office, ITEM.code, now)
    decide(office, asked, now)
    for changes in ({}, {"approve": False, "words": "no"}):
        with pytest.raises(NotOpen):
            decide(office, asked, now, by=Caller(person="dora", place="hub", rights=RIGHTS), **changes)
    assert known(office).version == 1


def test_what_waited_too_long_is_over_and_may_be_asked_again(office: House, now: datetime) -> None:
    describe(office, now=now)
    asked, later = propose(office, ITEM.code, now), now + timedelta(days=15)
    with pytest.raises(NotOpen):
        decide(office, asked, later)
    assert approvals.expire(office, later) == 1
    counted(office, later)
    decide(office, propose(office, ITEM.code, later), later)
    assert known(office).state is State.production


def test_what_was_withdrawn_or_refused_stays_a_draft(office: House, now: datetime) -> None:
    describe(office, now=now)
    asked = propose(office, ITEM.code, now)
    with pytest.raises(NotOpen):
        approvals.withdraw(office, asked.id, by=BO, now=now)
    approvals.withdraw(office, asked.id, by=ANNA, now=now)
    with pytest.raises(NotOpen):
        decide(office, asked, now)
    other = propose(office, ITEM.code, now)
    with pytest.raises(BadRequest):
        decide(office, other, now, approve=False)
    decide(office, other, now, approve=False, words="the name is not clear")
    assert known(office).state is State.draft
    assert client(office) is None
    counted(office, now)


def test_a_reason_is_needed_and_a_person(office: House, now: datetime) -> None:
    describe(office, now=now)
    with pytest.raises(BadRequest):
        services.propose(office, ITEM.code, reason=" ", by=ANNA, now=now)
    with pytest.raises(OwnRequest):
        propose(office, ITEM.code, now, by=replace(ANNA, person=None))


def test_there_is_nothing_to_ask_without_a_draft(office: House, now: datetime) -> None:
    live(office, now)
    with pytest.raises(ItemState):
        propose(office, ITEM.code, now)
    with pytest.raises(NoItem):
        propose(office, ITEM.code, now, by=ELSEWHERE)


# -- the next version


def test_the_version_in_force_stays_until_the_next_one_is_approved(office: House, now: datetime) -> None:
    live(office, now)
    describe(office, replace(AT_SITE, name="小餐饮备案", promised_days=3), now, new=False)
    assert (known(office).name, known(office).version) == (ITEM.name, 1)
    decide(office, propose(office, ITEM.code, now), now)
    assert (known(office).name, known(office).version) == ("小餐饮备案", 2)
    with office.database.read() as db:
        assert [(one.version, one.state.value) for one in store.versions(db, ITEM.code)] == [
            (2, "production"),
            (1, "replaced"),
        ]
    counted(office, now)


# -- levels


def test_raising_the_level_takes_one_person_and_holds_for_the_client(office: House, now: datetime) -> None:
    live(office, now)
    made = services.raise_level(office, ITEM.code, 3, by=ANNA, now=now)
    assert (made.level, made.version) == (3, 2)
    found = clients.known(office, ITEM.code, now)
    assert found is not None
    assert found.level == 3
    counted(office, now)


@pytest.mark.parametrize("level", [0, 1, 2, 4])
def test_lowering_it_takes_two(office: House, now: datetime, level: int) -> None:
    live(office, now)
    with pytest.raises(ItemWrong):
        services.raise_level(office, ITEM.code, level, by=ANNA, now=now)
    with pytest.raises(NoItem):
        services.raise_level(office, ITEM.code, 3, by=ELSEWHERE, now=now)
    describe(office, replace(AT_SITE, level=1), now, new=False)
    assert known(office).level == 2
    decide(office, propose(office, ITEM.code, now), now)
    program = client(office)
    assert known(office).level == 1
    assert program is not None
    assert program.level == 1


def test_an_old_request_cannot_lower_what_was_raised_meanwhile(office: House, now: datetime) -> None:
    live(office, now)
    describe(office, replace(AT_SITE, name="小餐饮备案"), now, new=False)
    asked = propose(office, ITEM.code, now)
    services.raise_level(office, ITEM.code, 3, by=ANNA, now=now)
    with pytest.raises(ItemState):
        decide(office, asked, now)
    assert known(office).level == 3
    decide(office, asked, now, approve=False, words="the level was raised")
    with office.database.read() as db:
        draft = store.draft(db, ITEM.code)
    assert draft is not None
    assert (draft.name, draft.version, draft.level) == ("小餐饮备案", 3, 3)
    counted(office, now)


def test_a_draft_has_no_level_to_raise(office: House, now: datetime) -> None:
    describe(office, now=now)
    with pytest.raises(ItemState):
        services.raise_level(office, ITEM.code, 3, by=ANNA, now=now)


def test_a_shared_client_needs_the_highest_level_of_its_items(office: House, now: datetime) -> None:
    clients.add(
        office,
        Client(
            "shared",
            "窗口",
            "Desk",
            MARKET,
            QIYUN,
            ClientAuth.private_key_jwt,
            ("https://q.example/cb",),
            keys=(PUBLIC,),
        ),
        by="test",
        now=now,
    )
    first = replace(ITEM, url="https://q.example/a", client="shared", level=1)
    live(office, now, first)
    live(office, now, replace(first, code=f"{MARKET}-0010", level=3))
    found = client(office, "shared")
    assert found is not None
    assert found.level == 3
    services.raise_level(office, first.code, 2, by=ANNA, now=now)
    found = client(office, "shared")
    assert found is not None
    assert found.level == 3


# -- the end


def test_ending_takes_two_and_closes_the_clients_that_were_made_for_it(office: House, now: datetime) -> None:
    live(office, now)
    describe(office, replace(AT_SITE, name="小餐饮备案"), now, new=False)
    asked = services.ask_to_end(office, ITEM.code, basis="栖云市政府令第9号", by=ANNA, now=now)
    with pytest.raises(OwnRequest):
        decide(office, asked, now, by=ANNA)
    assert known(office).state is State.production
    decide(office, asked, now)
    assert known(office).state is State.ended
    for id in (ITEM.code, item_clients.sandbox_id(ITEM.code)):
        found = client(office, id)
        assert found is not None
        assert found.ended == now
    assert clients.known(office, ITEM.code, now + timedelta(seconds=2)) is None
    with pytest.raises(ItemState):
        describe(office, now=now, new=False)
    counted(office, now)


def test_the_end_of_another_version_than_was_asked_about_is_refused(office: House, now: datetime) -> None:
    live(office, now)
    asked = services.ask_to_end(office, ITEM.code, basis="令第9号", by=ANNA, now=now)
    services.raise_level(office, ITEM.code, 3, by=ANNA, now=now)
    with pytest.raises(ItemState):
        decide(office, asked, now)


# -- testers


def test_testers_are_kept_as_indexes_and_leave_together(office: House, now: datetime) -> None:
    made = describe(office, now=now)
    item_clients.name_tester(office, made, "Jia.Shili", by=ANNA, now=now)
    trial = client(office, item_clients.sandbox_id(ITEM.code))
    assert trial is not None
    anna = sandbox.tester(office, "account-anna")  # who makes it tries it
    assert trial.testers == (anna, sandbox.tester(office, "jia.shili"))
    describe(office, AT_SITE, now, new=False)
    trial = client(office, item_clients.sandbox_id(ITEM.code))
    assert trial is not None
    assert len(trial.testers) == 2, "a changed draft keeps its testers"
    item_clients.drop_testers(office, made, by=ANNA, now=now)
    trial = client(office, item_clients.sandbox_id(ITEM.code))
    assert trial is not None
    assert trial.testers == (anna,)


def test_what_has_no_program_has_no_testers(office: House, now: datetime) -> None:
    made = describe(office, ITEM, now)
    with pytest.raises(ItemWrong):
        item_clients.name_tester(office, made, "jia.shili", by=ANNA, now=now)


def test_an_item_of_the_portal_itself_may_issue_a_license(office: House, now: datetime) -> None:
    food = kinds.named("food-business-license").code
    made = live(office, now, replace(ITEM, kind=food, licenses=(kinds.named("business-license").code,)))
    assert made.here
    assert client(office) is None
