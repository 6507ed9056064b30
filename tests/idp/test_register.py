"""The sandbox register, a process of its own: signed answers, a live check, fresh people, faults on demand."""

import json
import os
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from flask.testing import FlaskClient
from joserfc import jws
from joserfc.errors import BadSignatureError
from joserfc.jwk import ECKey

from deploy.demo.register.people import COMPANIES, PEOPLE, fresh_company, fresh_person
from deploy.demo.register.questions import asked_digest
from deploy.demo.register.site import create_app
from idp.numbers import detect, unified_code
from idp.numbers.person import Note
from idp.numbers.unified_code import Note as CodeNote

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 22, tzinfo=UTC)
ASKER = {"nonce": "n-1", "audience": "https://id.example"}
SOMEONE = {"number": "880101198503120015", "name": "示例甲"}


@pytest.fixture
def register(tmp_path: Path) -> FlaskClient:
    return create_app(tmp_path, "http://register.example", slow_seconds=0).test_client()


def opened(register: FlaskClient, path: str, **body: str) -> dict[str, Any]:
    answer = register.post(path, json=ASKER | body)
    assert answer.status_code == 200
    jwk = register.get("/v1/keys").get_json()["keys"][0]
    read = jws.deserialize_compact(answer.text, ECKey.import_key(jwk), algorithms=["ES256"])
    assert read.headers()["typ"] == "register-answer+jwt"
    claims: dict[str, Any] = json.loads(read.payload)
    return claims


def test_a_match_is_answered_for_one_asker_and_one_question(register: FlaskClient) -> None:
    claims = opened(register, "/v1/match", **SOMEONE)
    assert claims["match"] is True
    assert (claims["iss"], claims["aud"], claims["nonce"]) == ("http://register.example", "https://id.example", "n-1")
    assert claims["asked"] == asked_digest([SOMEONE["number"], SOMEONE["name"]])
    assert abs(claims["iat"] - time.time()) < 60
    assert claims["txn"] != opened(register, "/v1/match", **SOMEONE)["txn"]


@pytest.mark.parametrize(("number", "name"), [("880101198503120015", "欧阳示例"), ("880101198503120023", "示例甲")])
def test_a_mismatch_does_not_say_what_is_wrong(register: FlaskClient, number: str, name: str) -> None:
    claims = opened(register, "/v1/match", number=number, name=name)
    assert claims["match"] is False
    assert set(claims) == set(opened(register, "/v1/match", **SOMEONE))


def test_an_incomplete_question_is_refused(register: FlaskClient) -> None:
    for body in ({}, {"number": "1"}, ASKER | {"number": "1", "name": 2}, ASKER | {"number": "1", "name": "x" * 1001}):
        assert register.post("/v1/match", json=body).status_code == 400
    assert register.post("/v1/match", data="not json").status_code == 400


def test_the_representative_is_confirmed_and_nobody_else(register: FlaskClient) -> None:
    rightful = {"number": "880101199107260029", "name": "欧阳示例"}
    claims = opened(register, "/v1/representative", code="91880101DEM000081U", **rightful)
    assert claims["representative"] is True
    assert claims["company"] == {"name": "望舒示范餐饮有限公司", "status": "in-force", "registered": ""}
    claims = opened(register, "/v1/representative", code="91880101DEM000081U", **SOMEONE)
    assert (claims["representative"], claims["company"]) == (False, None)  # no word about who is, nor the name
    assert opened(register, "/v1/representative", code="91880101DEM000099X", **rightful)["representative"] is False


@pytest.mark.parametrize(
    ("outcome", "match", "band"), [("match", True, "high"), ("no-match", False, "low"), ("cancelled", False, "")]
)
def test_a_live_check_ends_as_chosen_on_its_page(register: FlaskClient, outcome: str, match: object, band: str) -> None:
    begun = opened(register, "/v1/live", return_url="http://id.example/realname/live", **SOMEONE)
    check = begun["check"]
    assert opened(register, "/v1/live/result", check=check, ticket="none")["outcome"] == "open"
    page = register.get(f"/live/{check}")
    assert page.status_code == 200
    assert SOMEONE["number"] not in page.text
    assert "id.example" in page.text
    ended = register.post(f"/live/{check}", data={"outcome": outcome})
    back, _, ticket = ended.headers["Location"].rpartition("&ticket=")
    assert (ended.status_code, back) == (303, f"http://id.example/realname/live?check={check}")
    result = opened(register, "/v1/live/result", check=check, ticket=ticket)
    assert (result["match"], result["outcome"], result["score_band"]) == (match, outcome, band)
    again = register.post(f"/live/{check}", data={"outcome": "match"})
    assert "ticket" not in again.headers["Location"]
    assert opened(register, "/v1/live/result", check=check, ticket=ticket)["outcome"] == outcome  # it ends once


def test_how_a_live_check_ended_is_told_only_to_whoever_brings_its_ticket(register: FlaskClient) -> None:
    check = opened(register, "/v1/live", return_url="http://id.example/realname/live", **SOMEONE)["check"]
    register.post(f"/live/{check}", data={"outcome": "match"})
    told = opened(register, "/v1/live/result", check=check, ticket="guessed")
    assert (told["match"], told["outcome"], told["score_band"]) == (False, "open", "")


def test_a_live_check_begins_only_for_someone_known(register: FlaskClient) -> None:
    assert (
        opened(register, "/v1/live", return_url="http://id.example/", number="880101198503120015", name="X")["match"]
        is False
    )
    assert opened(register, "/v1/live", return_url="javascript:alert(1)", **SOMEONE)["match"] is False
    assert register.post("/v1/live/result", json=ASKER | {"check": "unknown", "ticket": "x"}).status_code == 404
    assert register.post("/live/unknown", data={"outcome": "match"}).status_code == 404


def test_the_page_makes_a_fresh_person_whom_the_register_then_knows(register: FlaskClient) -> None:
    made = register.post("/people")
    number = made.headers["Location"].partition("made=")[2].partition("#")[0]
    read = detect.read(number, NOW)
    assert read.notes == (Note.region_unknown,)
    assert read.value[:2] in {"87", "88"}
    page = register.get(f"/?made={number}", headers={"Accept-Language": "en"}).text
    name = page.partition("<dt>Name</dt><dd>")[2].partition("<")[0]
    assert opened(register, "/v1/match", number=number, name=name)["match"] is True
    company = register.post("/companies", data={"representative": number}).headers["Location"]
    code = company.partition("made=")[2].partition("#")[0]
    assert opened(register, "/v1/representative", code=code, number=number, name=name)["representative"] is True
    assert register.post("/companies", data={"representative": "nobody"}).status_code == 400


def test_fresh_and_listed_people_and_companies_have_right_numbers() -> None:
    for _ in range(50):
        assert detect.read(fresh_person().number, NOW).notes
        assert unified_code.read(fresh_company("x").code).notes == ()
    assert [detect.read_any(person.number, NOW).value for person in PEOPLE] == [person.number for person in PEOPLE]
    assert not any(CodeNote.inner_check in unified_code.read(company.code).notes for company in COMPANIES)


def test_the_pages_speak_two_languages(register: FlaskClient) -> None:
    assert 'lang="zh-Hans"' in register.get("/").text
    assert "Who this register knows" in register.get("/?lang=en").text
    assert "本机关登记的人员与企业" in register.get("/", headers={"Accept-Language": "zh-CN,zh;q=0.9"}).text


@pytest.mark.parametrize(
    ("fault", "shows"),
    [("wrong-audience", "aud"), ("wrong-nonce", "nonce"), ("old", "iat")],
)
def test_a_fault_on_demand_spoils_the_answer(register: FlaskClient, fault: str, shows: str) -> None:
    right = opened(register, "/v1/match", **SOMEONE)
    register.post("/faults", data={"fault": fault})
    spoilt = opened(register, "/v1/match", **SOMEONE)
    assert spoilt[shows] != right[shows]
    register.post("/faults", data={"fault": "none"})
    assert opened(register, "/v1/match", **SOMEONE)["aud"] == right["aud"]


def test_faults_of_the_wire(register: FlaskClient) -> None:
    register.post("/faults", data={"fault": "down"})
    assert register.post("/v1/match", json=ASKER | SOMEONE).status_code == 503
    register.post("/faults", data={"fault": "wrong-signature"})
    with pytest.raises(BadSignatureError):
        opened(register, "/v1/match", **SOMEONE)
    assert register.post("/faults", data={"fault": "unheard-of"}).status_code == 400


def test_it_runs_as_a_process_of_its_own_and_keeps_its_book_and_key(tmp_path: Path) -> None:
    keys = []
    for _ in range(2):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [sys.executable, "-m", "deploy.demo.register", "--port", str(port), "--data", str(tmp_path)]
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ | {"PYTHONUNBUFFERED": "1"})
        try:
            keys.append(answered(f"http://127.0.0.1:{port}/v1/keys"))
        finally:
            process.terminate()
            process.wait(10)
    assert keys[0] == keys[1]


def answered(url: str) -> dict[str, Any]:
    for _ in range(100):
        try:
            found: dict[str, Any] = httpx2.get(url).json()
            return found
        except httpx2.HTTPError:
            time.sleep(0.1)
    raise AssertionError("the register does not start")


def test_it_imports_nothing_of_ours() -> None:
    code = "import sys, deploy.demo.register.site as s; print(sorted({m.split('.')[0] for m in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert not {"hub", "idp", "certs", "seals", "licenses", "verification", "admin", "app"} & set(eval(loaded))


# -- the other registers that it plays


def test_bank_and_phone_company_confirm_only_all_of_it(register: FlaskClient) -> None:
    me = next(person for person in PEOPLE if person.number == SOMEONE["number"])
    assert (me.phone[:3], me.card[:2]) == ("100", "88")  # prefixes of nobody
    right = {"card": me.card, "phone": me.phone}
    assert opened(register, "/v1/bank", **SOMEONE, **right)["match"] is True
    assert opened(register, "/v1/telecom", **SOMEONE, phone=me.phone)["match"] is True
    for wrong in ({"card": "8800"}, {"phone": "10000000000"}, {"name": "示例乙"}):
        said = opened(register, "/v1/bank", **(SOMEONE | right | wrong))
        assert (said["match"], said["score_band"]) == (False, "low")


def approved(register: FlaskClient, asker: str, number: str = SOMEONE["number"]) -> dict[str, str]:
    asked = {"nonce": "n", "audience": asker, "return_url": f"{asker}/back"}
    claims = jws.extract_compact(register.post("/v1/network-id", json=asked).data)
    path = json.loads(claims.payload)["page"].removeprefix("http://register.example")
    chosen = {"outcome": "approved", "number": number, "level": "3"}
    location = register.post(path, data=chosen).headers["Location"]
    return dict(pair.split("=") for pair in location.partition("?")[2].split("&"))


def told(register: FlaskClient, asker: str, came: dict[str, str]) -> dict[str, Any]:
    answer = register.post("/v1/network-id/result", json={"nonce": "n", "audience": asker, **came})
    claims: dict[str, Any] = json.loads(jws.extract_compact(answer.data).payload)
    return claims


def test_a_network_identity_is_another_one_at_each_service_and_tells_no_name(register: FlaskClient) -> None:
    here, there = (
        told(register, asker, approved(register, asker)) for asker in ("https://a.example", "https://b.example")
    )
    again = told(register, "https://a.example", approved(register, "https://a.example"))
    assert here["pseudonym"] == again["pseudonym"] != there["pseudonym"]
    assert here["level"] == 3
    assert not {"name", "number"} & here.keys()
    assert SOMEONE["number"] not in str(here)


def test_a_network_identity_is_told_only_to_its_asker_and_for_its_ticket(register: FlaskClient) -> None:
    came = approved(register, "https://a.example")
    assert told(register, "https://b.example", came)["match"] is False
    assert told(register, "https://a.example", came | {"ticket": "guessed"})["match"] is False
    assert told(register, "https://a.example", came)["match"] is True
    assert register.post("/v1/network-id/result", json=ASKER | {"request": "x", "ticket": "y"}).status_code == 404


def test_the_page_of_the_network_identity_speaks_two_languages_and_says_who_asks(register: FlaskClient) -> None:
    asked = {"nonce": "n", "audience": "https://a.example", "return_url": "https://a.example/back"}
    claims = jws.extract_compact(register.post("/v1/network-id", json=asked).data)
    path = json.loads(claims.payload)["page"].removeprefix("http://register.example")
    for language, words in (("en", "No name, no number"), ("zh-Hans", "不提供姓名和号码")):
        page = register.get(f"{path}?lang={language}").text
        assert words in page
        assert "https://a.example" in page
    refused = register.post(path, data={"outcome": "refused"})
    assert "ticket=" in refused.headers["Location"]
    assert (
        register.post(path, data={"outcome": "approved", "number": SOMEONE["number"]})
        .headers["Location"]
        .count("ticket")
        == 0
    )


def test_a_fault_may_be_that_of_one_question(register: FlaskClient) -> None:
    register.post("/faults", data={"fault": "down", "question": "bank"})
    assert register.post("/v1/telecom", json=ASKER | SOMEONE | {"phone": "1"}).status_code == 200
    assert register.post("/v1/bank", json=ASKER | SOMEONE | {"phone": "1", "card": "2"}).status_code == 503
    assert register.post("/faults", data={"fault": "down", "question": "weather"}).status_code == 400
    register.post("/faults", data={"fault": "none"})
    assert register.post("/v1/bank", json=ASKER | SOMEONE | {"phone": "1", "card": "2"}).status_code == 200


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/people/died", {"number": "nobody"}),
        ("/people/renamed", {"number": "nobody", "name": "示例新"}),
        ("/people/renamed", {"number": SOMEONE["number"], "name": ""}),
        ("/people/renamed", {"number": SOMEONE["number"], "name": "示" * 101}),
    ],
)
def test_what_cannot_be_entered_is_refused(register: FlaskClient, path: str, fields: dict[str, str]) -> None:
    assert register.post(path, data=fields).status_code == 400
    assert opened(register, "/v1/match", **SOMEONE)["match"] is True
