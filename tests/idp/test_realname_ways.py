"""Other ways to prove who one is: bank, phone company, papers that tell little, the network identity. None opens a back door."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.demo.register.people import Person as Who
from hub import clock
from hub.house import House
from idp import realname, registers
from idp.acting import companies
from idp.model.person import Level, NumberTaken
from idp.model.realname import (
    Form,
    HasNumber,
    LiveCheckFailed,
    NeedsNumber,
    NotMatched,
    NotYours,
    PaperIncomplete,
    RegisterLater,
    Source,
    Stage,
    WrongStep,
)
from idp.names import NameWrong
from idp.numbers.rules import NumberWrong
from idp.realname import means as ways
from idp.realname import paper
from idp.realname.means import ALL, BANK, TELECOM, Means
from idp.realname.paper import FieldWrong
from idp.store import people, proofs
from tests.idp.citizen import COMPANY, JIA, OUYANG, Citizen, account, came_back, shown_face

ME = Who(JIA[1], JIA[0])
MORE = {"bank": {"card": ME.card, "phone": ME.phone}, "telecom": {"phone": ME.phone}}
PASSPORT = ("TRAVELLER SAMPLE ANN", "P8800001", {"country": "UTO", "born": "1979-04-12"})
OLD_CARD = ("VISITOR SAMPLE", "ZZZ880188010203", {"born": "1988-01-02"})


# -- bank and phone company


@pytest.mark.parametrize("means", [BANK, TELECOM], ids=lambda means: means.name)
def test_a_bank_or_a_phone_company_gives_level_two_with_its_own_band(
    house: House, register: FlaskClient, means: Means
) -> None:
    id = account(house)
    person = realname.match(house, id, *JIA, means=means, more=MORE[means.name], now=clock.now())
    assert (person.level, person.holder_key) == (Level.matched, people.holder_key(house.vault, "111", JIA[1]))
    with house.database.read() as db:
        (one,) = proofs.evidence_of(db, id)
    assert (one.method, one.source, one.score_band, one.kind) == (means.name, means.source, "medium", means.kind)
    assert shown_face(house, register, id).level is Level.present  # only the missing step


@pytest.mark.parametrize(
    ("means", "changed"),
    [(BANK, {"card": "8800000000000000000"}), (BANK, {"phone": "10000000000"}), (TELECOM, {"phone": "10000000000"})],
    ids=["another card", "another phone at the bank", "another phone"],
)
def test_what_does_not_fit_is_one_refusal_whatever_it_is(
    house: House, register: FlaskClient, means: Means, changed: dict[str, str]
) -> None:
    said: set[str] = set()
    for who, more in ((JIA, MORE[means.name] | changed), (("示例乙", JIA[1]), MORE[means.name])):
        with pytest.raises(NotMatched) as refused:
            realname.match(
                house, account(house, f"u{len(said)}.{who[0]}"), *who, means=means, more=more, now=clock.now()
            )
        said.add(str(refused.value))
    assert len(said) == 1


@pytest.mark.parametrize("wrong", ["", "abc", "123", "1" * 16, "１２３４５６７８９０１"])
def test_a_phone_that_cannot_be_one_never_reaches_a_register(house: House, register: FlaskClient, wrong: str) -> None:
    register.post("/faults", data={"fault": "down"})
    with pytest.raises(FieldWrong) as refused:
        realname.match(house, account(house), *JIA, means=TELECOM, more={"phone": wrong}, now=clock.now())
    assert refused.value.field == "phone"


def test_when_the_bank_does_not_answer_all_that_was_typed_is_kept_for_a_week(
    house: House, register: FlaskClient
) -> None:
    id, now = account(house), clock.now()
    register.post("/faults", data={"fault": "down", "question": "bank"})
    with pytest.raises(RegisterLater):
        realname.match(house, id, *JIA, means=BANK, more=MORE["bank"], now=now)
    kept = realname.status(house, id)
    assert (kept.stage, kept.form and kept.form.kept) == (
        Stage.later,
        {"name": JIA[0], "number": JIA[1], "card": ME.card, "phone": ME.phone},
    )
    assert realname.forget_forms(house, now + timedelta(days=6)) == 0
    assert realname.forget_forms(house, now + timedelta(days=8)) == 1
    assert realname.status(house, id).form is None
    assert realname.match(house, id, *JIA, now=now).level is Level.matched  # another register answers


def test_a_register_that_nobody_connected_is_not_offered(house: House) -> None:
    settings = house.settings.model_copy(update={"profile": "production"})
    alone = replace(house, settings=settings)
    assert [one for one in Source if registers.offered(alone, one)] == [Source.population]
    assert all(registers.offered(house, one) for one in Source)


# -- papers that tell too little


@pytest.mark.parametrize("who", [PASSPORT, OLD_CARD], ids=["passport", "old card"])
def test_a_paper_that_tells_little_is_proved_with_country_and_birth(
    house: House, register: FlaskClient, who: tuple[str, str, dict[str, str]]
) -> None:
    id = account(house)
    name, number, more = who
    with pytest.raises(PaperIncomplete):
        realname.match(house, id, name, number, now=clock.now())
    with pytest.raises(NotMatched):
        realname.match(house, id, name, number, more=more | {"born": "1980-01-01"}, now=clock.now())
    assert realname.match(house, id, name, number, more=more, now=clock.now()).level is Level.matched
    assert shown_face(house, register, id).level is Level.present  # the profile knows what to ask the register with


@pytest.mark.parametrize("born", ["", "1.2.1980", "1980-13-01", "1899-12-31", "2999-01-01"])
def test_a_day_of_birth_is_a_day_of_the_calendar(house: House, register: FlaskClient, born: str) -> None:
    with pytest.raises((FieldWrong, PaperIncomplete)):
        realname.match(house, account(house), *PASSPORT[:2], more={"country": "UTO", "born": born}, now=clock.now())


FORMS = st.builds(
    Form,
    name=st.one_of(st.just("SAMPLE PERSON"), st.text(max_size=20)),
    number=st.one_of(
        st.sampled_from((JIA[1], "P8800001", "ZZZ880188010203", "")),
        st.text(alphabet="0123456789XABCZ ８-", max_size=20),
        st.text(max_size=20),
    ),
    country=st.one_of(st.just("UTO"), st.text(max_size=4)),
    born=st.one_of(st.dates().map(str), st.text(max_size=10)),
    phone=st.text(max_size=12),
    card=st.text(max_size=20),
)


@given(form=FORMS)
@settings(max_examples=400, deadline=None)
def test_whatever_is_typed_is_a_paper_by_the_rules_or_refused_with_words(form: Form) -> None:
    now = clock.now()
    for means in ALL.values():
        try:
            read = paper.read(ways.checked(means, form), now)
        except (NameWrong, NumberWrong, PaperIncomplete, FieldWrong):
            continue
        assert read.born <= now.date()
        assert paper.read(read.form, now) == read  # what was read once is read the same again
        assert Form(**read.form.kept) == read.form


def test_a_passport_is_of_its_country_alone(house: House) -> None:
    form = Form("A", "P8800001", "UTO", "1979-04-12")
    other = replace(form, country="XXA")
    assert paper.key_of(house.vault, form, "414") != paper.key_of(house.vault, other, "414")
    assert paper.key_of(house.vault, form, "553") == paper.key_of(house.vault, other, "553")


# -- the network identity


def approved(house: House, register: FlaskClient, id: str, *, level: str = "3", who: str = JIA[1]) -> dict[str, str]:
    """A request that `a session` began and its person approved: what the browser brings back."""
    back = "http://localhost:8000/realname/network-id"
    page = realname.begin_network_id(house, id, back, binding="a session", now=clock.now())
    chosen = {"outcome": "approved", "number": who, "level": level}
    location = register.post(page.removeprefix("http://localhost:8002"), data=chosen).location
    return dict(pair.split("=") for pair in location.partition("?")[2].split("&"))


def known(house: House, register: FlaskClient, id: str, *, level: str = "3") -> None:
    came = approved(house, register, id, level=level)
    realname.end_network_id(house, id, **came, binding="a session", now=clock.now())


@pytest.mark.parametrize("level", ["2", "3"])
def test_a_network_identity_gives_a_level_and_neither_name_nor_number(
    house: House, register: FlaskClient, level: str
) -> None:
    id = account(house)
    known(house, register, id, level=level)
    found = realname.status(house, id)
    assert (int(found.person.level), found.person.holder_key) == (int(level), None)
    assert found.person.pseudonym_key
    assert (found.profile.name, found.profile.number) == ("", "")
    (one,) = found.evidence
    assert (one.method, one.source, one.kind) == ("network-id", "network-id", "network-id")
    dump = b"".join(path.read_bytes() for path in house.settings.data.glob("yinxin.db*"))
    assert JIA[0].encode() not in dump
    assert JIA[1].encode() not in dump


def test_a_network_identity_belongs_to_one_account(house: House, register: FlaskClient) -> None:
    known(house, register, account(house))
    with pytest.raises(NumberTaken):
        known(house, register, account(house, "other.person"))


def test_who_has_a_number_cannot_raise_its_level_by_a_network_identity(house: House, register: FlaskClient) -> None:
    id = account(house)
    realname.match(house, id, *JIA, now=clock.now())
    with pytest.raises(HasNumber):
        realname.begin_network_id(house, id, "http://localhost:8000/", binding="a session", now=clock.now())


def test_a_number_that_came_meanwhile_wins(house: House, register: FlaskClient) -> None:
    id = account(house)
    came = approved(house, register, id, who=OUYANG[1])
    realname.match(house, id, *JIA, now=clock.now())
    with pytest.raises((HasNumber, NumberTaken)):
        realname.end_network_id(house, id, **came, binding="a session", now=clock.now())
    assert realname.status(house, id).person.level is Level.matched


def test_it_counts_only_in_the_session_that_asked_and_once(house: House, register: FlaskClient) -> None:
    id, other = account(house), account(house, "other.person")
    for who, binding in ((other, "a session"), (id, "another session")):
        came = approved(house, register, id)
        with pytest.raises(NotYours):
            realname.end_network_id(house, who, **came, binding=binding, now=clock.now())
        with pytest.raises(WrongStep):  # it is used up
            realname.end_network_id(house, id, **came, binding="a session", now=clock.now())
    came = approved(house, register, id)
    with pytest.raises(WrongStep):
        realname.end_network_id(house, id, request=came["request"], ticket="", binding="a session", now=clock.now())
    assert realname.status(house, id).person.level is Level.stated


def test_who_refuses_stays_where_he_was(house: House, register: FlaskClient) -> None:
    id = account(house)
    page = realname.begin_network_id(house, id, "http://localhost:8000/x", binding="a session", now=clock.now())
    location = register.post(page.removeprefix("http://localhost:8002"), data={"outcome": "refused"}).location
    came = dict(pair.split("=") for pair in location.partition("?")[2].split("&"))
    with pytest.raises(LiveCheckFailed):
        realname.end_network_id(house, id, **came, binding="a session", now=clock.now())


def test_who_knows_a_number_cannot_put_it_under_the_level_of_his_network_identity(
    house: House, register: FlaskClient
) -> None:
    """Level 3 by a network identity, then somebody else's name and number: it is his only with that person's face."""
    id = account(house)
    known(house, register, id)
    with pytest.raises(NeedsNumber):
        realname.begin_live_check(house, id, "http://localhost:8000/", binding="a session", now=clock.now())
    waiting = realname.match(house, id, *OUYANG, now=clock.now())
    assert (waiting.level, waiting.holder_key) == (Level.present, None)
    assert realname.status(house, id).profile.number == ""
    with house.database.read() as db:
        assert people.by_holder(db, people.holder_key(house.vault, "111", OUYANG[1])) is None
    with pytest.raises(LiveCheckFailed):
        shown_face(house, register, id, "no-match")
    owner = account(house, "ouyang")
    assert realname.match(house, owner, *OUYANG, now=clock.now()).holder_key  # nobody took it from her


def test_who_needs_a_number_proves_it_with_the_face(house: House, register: FlaskClient) -> None:
    id = account(house)
    known(house, register, id)
    realname.match(house, id, *JIA, now=clock.now())
    proved = shown_face(house, register, id)
    assert (proved.level, proved.holder_key) == (Level.present, people.holder_key(house.vault, "111", JIA[1]))
    assert realname.status(house, id).profile.name == JIA[0]


def test_at_level_two_name_and_number_are_enough(house: House, register: FlaskClient) -> None:
    id = account(house)
    known(house, register, id, level="2")
    assert realname.match(house, id, *JIA, now=clock.now()).holder_key
    came = came_back(house, register, id)
    assert realname.end_live_check(house, id, **came, binding="a session", now=clock.now()).level is Level.present


# -- the pages


def test_a_page_offers_every_way_in_plain_words(citizen: Citizen) -> None:
    citizen.registers()
    page = citizen.get("/realname/ways").text
    for words in ("Your bank", "Your phone company", "National network identity", "A service counter", "voluntary"):
        assert words in page
    assert citizen.get("/realname/by/unheard-of").status_code == 404


@pytest.mark.parametrize("way", sorted(set(ALL) - {"match"}))
def test_each_way_has_its_form(citizen: Citizen, way: str) -> None:
    citizen.registers()
    answer = citizen.post(f"/realname/by/{way}", name=JIA[0], number=JIA[1], **MORE[way])
    assert answer.status_code == 303, answer.text
    assert citizen.session.level == 2


def test_a_wrong_phone_is_told_at_its_field(citizen: Citizen) -> None:
    citizen.registers()
    answer = citizen.post("/realname/by/telecom", name=JIA[0], number=JIA[1], phone="call me")
    assert answer.status_code == 422
    assert 'href="#phone"' in answer.text
    assert f'value="{JIA[1]}"' in answer.text


def test_country_and_birth_are_asked_only_for_papers_that_do_not_tell_them(citizen: Citizen) -> None:
    citizen.registers()
    assert 'name="country"' not in citizen.get("/realname").text
    asked = citizen.proves(PASSPORT[:2])
    assert (asked.status_code, 'name="country"' in asked.text, 'name="born"' in asked.text) == (200, True, True)
    assert f'value="{PASSPORT[1]}"' in asked.text
    left_out = citizen.send(asked, "/realname", name=PASSPORT[0], number=PASSPORT[1], country="", born="1979-04-12")
    assert (left_out.status_code, 'href="#country"' in left_out.text, 'href="#born"' in left_out.text) == (
        422,
        True,
        False,
    )
    wrong = citizen.send(asked, "/realname", name=PASSPORT[0], number=PASSPORT[1], country="U1", born="1979-04-12")
    assert (wrong.status_code, 'href="#country"' in wrong.text) == (422, True)
    right = citizen.send(wrong, "/realname", name=PASSPORT[0], number=PASSPORT[1], **PASSPORT[2])
    assert (right.status_code, citizen.session.level) == (303, 2)


def test_a_number_in_full_width_is_put_right_in_the_form(citizen: Citizen) -> None:
    citizen.registers()
    answer = citizen.proves((JIA[0], "８８０１０１198503120015"))
    assert answer.status_code == 422
    assert f'value="{JIA[1]}"' in answer.text
    assert "The field now shows what was probably meant" in answer.text  # or nobody understands what is wrong with it


def test_a_register_that_does_not_answer_is_no_mistake_of_the_person(citizen: Citizen) -> None:
    citizen.registers()
    citizen.register.post("/faults", data={"fault": "down"})
    answer = citizen.proves(JIA)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert "What you entered is kept" in answer.text
    assert "There is a problem" not in answer.text
    assert f'value="{JIA[1]}"' in answer.text
    citizen.register.post("/faults", data={"fault": "none"})


def goes_by_network_id(citizen: Citizen, at: str = "/realname/ways") -> None:
    sent = citizen.post("/realname/network-id", form_at=at)
    assert sent.location.startswith("http://localhost:8002/network-id/")
    path = sent.location.removeprefix("http://localhost:8002")
    assert "localhost:8000" in citizen.register.get(path).text  # who asks
    chosen = {"outcome": "approved", "number": JIA[1], "level": "3"}
    back = citizen.register.post(path, data=chosen).location
    answer = citizen.get(back.removeprefix("http://localhost:8000"))
    assert answer.status_code == 303, answer.text


def test_the_pages_lead_to_level_three_without_a_number_and_then_to_the_number(citizen: Citizen) -> None:
    citizen.registers()
    goes_by_network_id(citizen)
    assert (citizen.session.level, citizen.session.holder_keys) == (3, ())
    page = citizen.get("/realname").text
    assert "Neither your name nor your number is kept here" in page
    sent = citizen.post("/realname", form_at="/realname?with=number", name=JIA[0], number=JIA[1])
    assert sent.location.startswith("http://localhost:8002/live/")  # straight on to the face
    assert citizen.session.holder_keys == ()
    citizen.comes_back(sent)
    assert (citizen.session.level, len(citizen.session.holder_keys)) == (3, 1)


def test_whoever_comes_back_in_another_browser_is_warned_and_the_check_is_over(citizen: Citizen) -> None:
    citizen.registers()
    citizen.proves()
    sent = citizen.post("/realname/live", form_at="/realname")
    stranger = Citizen(citizen.house, citizen.app, citizen.register, account="stranger")
    warned = stranger.comes_back(sent)
    assert warned.status_code == 409
    assert "do not use it" in warned.text
    assert citizen.get(warned.request.full_path.rstrip("?")).status_code == 409
    assert citizen.session.level == 2


def test_another_session_of_the_same_account_cannot_come_back_either(citizen: Citizen) -> None:
    citizen.registers()
    citizen.proves()
    sent = citizen.post("/realname/live", form_at="/realname")
    other = Citizen(citizen.house, citizen.app, citizen.register)
    other.signs_in()
    assert other.comes_back(sent).status_code == 409
    assert other.session.level == 2


def test_a_new_person_sees_three_screens(citizen: Citizen) -> None:
    """Register, name and number, live check: a service that asks for level 3 adds no fourth."""
    answer = citizen.registers()
    screens = 1
    assert citizen.get(answer.location).status_code in {200, 303}
    citizen.proves()
    screens += 1
    citizen.shows_face()
    screens += 1
    assert (screens, citizen.session.level) == (3, 3)


def test_what_hangs_on_a_number_is_refused_with_words_to_whoever_has_none(house: House, register: FlaskClient) -> None:
    id = account(house)
    known(house, register, id)
    with pytest.raises(NeedsNumber):
        companies.claim(house, id, COMPANY[1], now=clock.now())
