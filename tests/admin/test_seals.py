"""The console's pages of seals: the whole life by officers who are not the same, leave, custody; and every refusal."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from admin import approvals
from admin import seals as custody
from admin.model.operator import Operator, Right
from admin.store import approvals as approval_store
from admin.store import operators as operator_store
from certs.model import Reason
from hub import callers, ledger, tree
from hub.callers import Caller
from hub.house import House
from hub.problems import BadRequest
from hub.tree import Place
from seals import lifecycle
from seals import store as seals
from seals.model import Agency, Seal, SealStepRefused, State
from tests.admin import offices
from tests.hub.test_web import token_in

CITY = "hub/880000/880100"
QIYUN = Agency("11880100DEM000049A", "栖云市市场监督管理局", "Qiyun Administration for Market Regulation", CITY)
XICHENG = Agency("11870100DEM000065U", "汐城市民政局", "Xicheng Civil Affairs Bureau", "hub/870000/870100")
APPLICATION = {
    "agency": QIYUN.code,
    "measure": "department",
    "kind": "business",
    "line": "审批专用章",
    "code13": "8801010000025",
    "algorithm": "P-256",
    "document": "2026-17",
}
OWNER, AUDITOR, MAKER, FILER = {"seals"}, {"approve"}, {"making"}, {"filing"}


@pytest.fixture
def standing(house: House, now: Any) -> list[Seal]:
    """One seal here and one in another province."""
    with house.database.write() as db:
        for path in ("hub/880000", CITY, "hub/870000", "hub/870000/870100"):
            tree.keep(db, Place(path, "place", path[-6:], path, path))
    codes = {QIYUN: "8801010000017", XICHENG: "8701010000065"}
    return [lifecycle.make_seal(house, agency, code13=code, by="test", now=now) for agency, code in codes.items()]


@pytest.fixture
def officer(house: House, client: FlaskClient, now: Any) -> Any:
    """Sign in as an officer with these rights."""

    def sign_in(person: str, rights: set[str], place: str = "hub/880000") -> FlaskClient:
        who = Caller(person=person, level=1, amr=("pwd", "otp", "mfa"), auth_time=now, sid=person, place=place,
                     rights=frozenset(rights | {"see"}))  # fmt: skip
        with house.database.write() as db:
            client.set_cookie("yinxin-8000-console", callers.open_session(db, "console", who, now=now, hours=1))
        return client

    return sign_in


def post(browser: FlaskClient, path: str, **data: Any) -> Any:
    token = token_in(browser.get("/console/seals").text or "")
    return browser.post(f"/console/{path}", data={"csrf": token} | data)


def state(house: House, id: str) -> State:
    with house.database.read() as db:
        return seals.seal(db, id).state


def applied(officer: Any, **changed: str) -> str:
    answer = post(officer("owner", OWNER), "seals/apply", **APPLICATION | changed)
    assert answer.status_code == 303, answer.text
    return str(answer.location.rpartition("/")[2])


def test_a_seal_s_whole_life_by_four_officers(officer: Any, standing: Any, house: House) -> None:
    id = applied(officer)
    for person, rights, step, given, after in (
        ("auditor", AUDITOR, "decide", {"decision": "approve", "decide_document": "2026-18"}, State.approved),
        ("maker", MAKER, "make", {"make_document": "M-1"}, State.made),
        ("filer", FILER, "file", {"file_number": "GA-88-0042"}, State.filed),
        ("owner", OWNER, "activate", {}, State.active),
        ("owner", OWNER, "suspend", {"suspend_reason": "audit"}, State.suspended),
        ("owner", OWNER, "resume", {"resume_reason": "done"}, State.active),
        (
            "owner",
            OWNER,
            "cancel",
            {"cause": "superseded", "cancel_reason": "x", "cancel_document": "2"},
            State.cancelled,
        ),
    ):
        answer = post(officer(person, rights), f"seals/{id}/{step}", **given)
        assert answer.status_code == 303, (step, answer.text)
        assert state(house, id) is after
    page = officer("reader", set()).get(f"/console/seals/{id}?lang=en").text
    told = ["Seal applied for", "Seal approved", "Seal made", "Seal put on file", "Seal put into use", "Seal suspended"]
    assert [page.index(words) for words in told] == sorted(page.index(words) for words in told)
    assert "GA-88-0042" in page
    assert "2026-18" in page


@pytest.mark.parametrize("language", ["zh-Hans", "en"])
@pytest.mark.parametrize("rights", [set(), {right.value for right in Right}], ids=["reader", "all"])
def test_each_state_shows_what_comes_next(
    officer: Any, standing: Any, house: House, now: Any, rights: Any, language: str
) -> None:
    with house.database.read() as db:
        seal = seals.seal(db, applied(officer))
    for step in (
        lambda: None,
        lambda: lifecycle.approve(house, seal.id, by="auditor", now=now),
        lambda: lifecycle.make(house, seal.id, by="maker", now=now),
        lambda: lifecycle.file(house, seal.id, number="1", by="filer", now=now),
        lambda: lifecycle.activate(house, seal.id, by="owner", now=now),
        lambda: lifecycle.suspend(house, seal.id, reason="x", by="owner", now=now),
        lambda: lifecycle.cancel(house, seal.id, cause=Reason.superseded, reason="x", by="owner", now=now),
    ):
        step()
        answer = officer("other", rights).get(f"/console/seals/{seal.id}?lang={language}")
        assert answer.status_code == 200
        assert "%(" not in answer.text


def test_the_applicant_neither_approves_nor_makes(officer: Any, standing: Any, house: House) -> None:
    id = applied(officer)
    everything = {right.value for right in Right}
    page = officer("owner", everything).get(f"/console/seals/{id}?lang=en").text
    assert "You applied for it yourself" in page
    answer = post(officer("owner", everything), f"seals/{id}/decide", decision="approve", decide_document="x")
    assert answer.status_code == 403
    post(officer("auditor", everything), f"seals/{id}/decide", decision="approve", decide_document="x")
    for person in ("owner", "auditor"):
        assert post(officer(person, everything), f"seals/{id}/make").status_code == 403
    assert state(house, id) is State.approved


def test_where_the_maker_works_elsewhere_the_order_waits_and_the_page_says_so(
    officer: Any, standing: Any, house: House
) -> None:
    id = applied(officer)
    post(officer("auditor", AUDITOR), f"seals/{id}/decide", decision="approve", decide_document="x")
    private = house.keys.folder / "maker-1.pem"
    kept = private.read_bytes()
    private.unlink()
    house.keys._opened.clear()
    assert post(officer("maker", MAKER), f"seals/{id}/make").status_code == 303
    assert state(house, id) is State.approved
    assert "The maker has the order" in officer("maker", MAKER).get(f"/console/seals/{id}?lang=en").text
    private.write_bytes(kept)


@pytest.mark.parametrize(
    ("rights", "step"),
    [(OWNER, "decide"), (AUDITOR, "make"), (OWNER, "make"), (MAKER, "file"), (FILER, "activate"), (AUDITOR, "suspend")],
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
)
def test_each_step_has_its_right(officer: Any, standing: Any, rights: Any, step: str) -> None:
    assert post(officer("p", rights), f"seals/{standing[0].id}/{step}", suspend_reason="x").status_code == 403


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"code13": ""}, "code13"),
        ({"document": ""}, "document"),
        ({"code13": "123"}, "code13"),
        ({"code13": "8801010000017"}, "code13"),
        ({"line": "一二三四五六七八九十一二三"}, ""),
        ({"line": "\ue863"}, "line"),
        ({"measure": "invoice"}, ""),
        ({"measure": "none"}, ""),
        ({"algorithm": "Ed25519"}, ""),
        ({"agency": XICHENG.code}, ""),
        ({"second": "བོད་ལྗོངས"}, ""),
    ],
)
def test_an_application_that_cannot_be_is_shown_again(officer: Any, standing: Any, changed: Any, field: str) -> None:
    answer = post(officer("owner", OWNER), "seals/apply", **APPLICATION | changed)
    assert answer.status_code == 422
    if field:
        assert f'href="#{field}"' in answer.text
    assert APPLICATION["document"] in answer.text or "document" in changed


def test_a_seal_of_another_place_is_neither_seen_nor_touched(officer: Any, standing: Any) -> None:
    other = standing[1]
    browser = officer("owner", {right.value for right in Right})
    for path in (f"seals/{other.id}", f"seals/{other.id}/picture.svg"):
        assert browser.get(f"/console/{path}").status_code == 404
    for path in ("suspend", "decide", "make", "file", "grants", "custody", "grants/x/take-back"):
        given = {"suspend_reason": "x", "file_number": "1", "custody_reason": "x", "officer": "p"}
        assert post(browser, f"seals/{other.id}/{path}", **given).status_code == 404, path


@pytest.mark.parametrize(
    ("step", "given"),
    [
        ("suspend", {}),
        ("cancel", {"cause": "superseded", "cancel_reason": "x"}),
        ("cancel", {"cause": "no", "cancel_reason": "x", "cancel_document": "y"}),
        ("replace", {"successor": "none", "replace_document": "x"}),
        ("fly", {}),
    ],
)
def test_a_step_without_what_it_needs_changes_nothing(
    officer: Any, standing: Any, house: House, step: str, given: dict[str, str]
) -> None:
    assert post(officer("owner", OWNER), f"seals/{standing[0].id}/{step}", **given).status_code in (400, 404, 422)
    assert state(house, standing[0].id) is State.active


def test_a_seal_is_replaced_by_another_of_its_agency(officer: Any, standing: Any, house: House, now: Any) -> None:
    new = lifecycle.make_seal(house, QIYUN, code13="8801010000033", by="test", now=now)
    browser = officer("owner", OWNER)
    assert new.design.code13 in browser.get(f"/console/seals/{standing[0].id}").text
    answer = post(browser, f"seals/{standing[0].id}/replace", successor=new.id, replace_document="2026-3")
    assert answer.status_code == 303
    assert state(house, standing[0].id) is State.replaced


def test_leave_is_given_shown_asked_for_and_taken_back(officer: Any, standing: Any, house: House) -> None:
    id = standing[0].id
    browser = officer("owner", OWNER)
    given = {"officer": "p1", "purposes": "document", "kinds": "notice，letter", "per_day": "3", "until": "2099-12-31",
             "may_delegate": "yes", "region": CITY}  # fmt: skip
    assert post(browser, f"seals/{id}/grants", **given).status_code == 303
    with house.database.read() as db:
        (grant,) = [one for one in seals.grants(db, id) if one.officer == "p1"]
    assert (grant.kinds, grant.per_day, grant.may_delegate) == (("notice", "letter"), 3, True)
    found = browser.get(f"/console/seals/{id}?purpose=document&doc_kind=letter&lang=en").text
    assert "3 more today" in found
    assert "3 more today" not in browser.get(f"/console/seals/{id}?purpose=document&doc_kind=contract&lang=en").text
    mine = officer("p1", set(), CITY).get("/console/my-seals?lang=en").text
    assert QIYUN.name_en in mine
    assert "Hand this on" in mine
    assert post(officer("owner", OWNER), f"seals/{id}/grants/{grant.id}/take-back").status_code == 303
    assert "You may not use any seal" in officer("p1", set(), CITY).get("/console/my-seals?lang=en").text


@pytest.mark.parametrize("wrong", [{}, {"officer": "p", "per_day": "many"}, {"officer": "p", "until": "tomorrow"},
                                   {"officer": "p", "per_hour": "0"}])  # fmt: skip
def test_leave_that_cannot_be_is_refused_in_words(officer: Any, standing: Any, wrong: dict[str, str]) -> None:
    answer = post(officer("owner", OWNER), f"seals/{standing[0].id}/grants", **wrong)
    assert answer.status_code == 422
    assert 'href="#grantee"' in answer.text


def test_leave_is_handed_on_within_its_bounds(officer: Any, standing: Any, house: House, now: Any) -> None:
    id = standing[0].id
    post(
        officer("owner", OWNER),
        f"seals/{id}/grants",
        officer="p1",
        purposes="document",
        per_day="2",
        may_delegate="yes",
    )
    with house.database.read() as db:
        (grant,) = [one for one in seals.grants(db, id) if one.officer == "p1"]
    browser = officer("p1", set(), CITY)
    wide = post(browser, f"my-seals/{grant.id}/hand-on", officer="p2", purposes="*", kinds="*")
    assert wide.status_code == 422
    assert (
        post(browser, f"my-seals/{grant.id}/hand-on", officer="p2", purposes="document", kinds="*").status_code == 303
    )
    assert QIYUN.name_en in officer("p2", set(), CITY).get("/console/my-seals?lang=en").text
    assert (
        post(officer("p3", set()), f"my-seals/{grant.id}/hand-on", officer="p3", purposes="document").status_code == 422
    )


def seat(house: House, now: Any, *people: str) -> None:
    with house.database.write() as db:
        for person in people:
            right = frozenset({Right.see, Right.seals, Right.approve})
            operator_store.add(
                db, Operator(f"i-{person}", f"office of {person}", "hub/880000", right, "test", now, person=person)
            )
            operator_store.arrived(db, f"i-{person}", person)


def test_two_persons_say_who_confirms_the_uses_of_a_seal(officer: Any, standing: Any, house: House, now: Any) -> None:
    asker, decider = "anna", "bo"
    offices.proved(house, asker, decider)
    seat(house, now, asker, decider)
    id = standing[0].id
    answer = post(
        officer(asker, OWNER), f"seals/{id}/custody", sensitive="yes", custodians=[decider], custody_reason="rule 7"
    )
    assert answer.status_code == 303
    page = officer(decider, AUDITOR).get(answer.location.replace("http://localhost", "") + "?lang=en").text
    assert f"office of {decider}" in page
    assert "waits for a second person" in officer(asker, OWNER).get(f"/console/seals/{id}?lang=en").text
    with house.database.read() as db:
        (asked,) = approval_store.of_subject(db, custody.CUSTODY, id)
        assert not seals.seal(db, id).sensitive
    by = Caller(person=decider, place="hub/880000")
    approvals.decide(house, asked.id, approve=True, digest=asked.digest, words="", by=by, now=now)
    with house.database.read() as db:
        assert seals.seal(db, id).sensitive
        assert set(seals.custodians(db, id)) == {decider}
        assert ledger.events(db, subject=id, kind="seal.custody")[0].facts["approval"] == asked.id
    assert f"office of {decider}" in officer(asker, OWNER).get(f"/console/seals/{id}?lang=en").text


def test_a_sensitive_seal_has_custodians_who_are_operators_here(standing: Any, house: House, now: Any) -> None:
    by = Caller(person="p", place="hub/880000")
    for people in ([], ["stranger"]):
        with pytest.raises(BadRequest), house.database.write() as db:
            custody.ask_custody(db, standing[0].id, sensitive=True, people=people, reason="x", by=by, now=now)
    lifecycle.cancel(house, standing[0].id, cause=Reason.superseded, reason="x", by="owner", now=now)
    with pytest.raises(SealStepRefused), house.database.write() as db:
        custody.ask_custody(db, standing[0].id, sensitive=False, people=[], reason="x", by=by, now=now)


@pytest.mark.parametrize("language", ["zh-Hans", "en"])
@pytest.mark.parametrize("path", ["seals", "seals/apply", "seals/shapes", "my-seals"])
def test_every_page_opens_in_both_languages(officer: Any, standing: Any, path: str, language: str) -> None:
    answer = officer("owner", OWNER).get(f"/console/{path}?lang={language}")
    assert answer.status_code == 200
    assert f'lang="{language}"' in answer.text


def test_where_there_is_no_seal_the_list_says_so(officer: Any) -> None:
    assert "No seal here yet" in officer("reader", set()).get("/console/seals?lang=en").text


@pytest.mark.parametrize("name", ["department-4", "foreign-10", "invoice-30"])
def test_the_gallery_shows_samples(officer: Any, name: str) -> None:
    answer = officer("reader", set()).get(f"/console/seals/shapes/{name}.svg")
    assert answer.status_code == 200
    assert answer.text.startswith("<svg")


@pytest.mark.parametrize("name", ["department-5", "emblem-4"])
def test_there_is_no_other_sample(officer: Any, name: str) -> None:
    assert officer("reader", set()).get(f"/console/seals/shapes/{name}.svg").status_code == 404
