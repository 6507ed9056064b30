"""A copy of one's data: whole, one's own, sealed, for one hour, and named nowhere else."""

import io
import json
import zipfile
from typing import Any

import pytest
import sqlalchemy as sa

from hub import clock, jobs, notices
from hub.held import PARTS
from hub.jobs import job_table
from idp.account import export
from idp.consent import consent_text, consents
from idp.model.life import Former
from idp.store import life
from idp.store.leaving import copy_table
from tests.idp.citizen import JIA, PASSWORD, Citizen
from tests.idp.rp import department
from tests.idp.test_account_pages import agrees, service_of


@pytest.fixture
def jia(citizen: Citizen) -> Citizen:
    return citizen.is_proved()


def made(citizen: Citizen) -> None:
    """Ask for a copy, and let a worker do its work."""
    assert citizen.post("/account/copy").location == "/account/copy"
    with citizen.house.database.read() as db:
        ids = list(db.execute(sa.select(job_table.c.id).where(job_table.c.kind == export.KIND)).scalars())
    for id in ids:
        jobs.run(citizen.house, id)


def opened(citizen: Citizen) -> zipfile.ZipFile:
    answer = citizen.get("/account/copy.zip")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    return zipfile.ZipFile(io.BytesIO(answer.data))


def parts(citizen: Citizen) -> dict[str, Any]:
    return dict(json.loads(opened(citizen).read("data.json"))["parts"])


def test_it_holds_what_is_held_and_no_secret(jia: Citizen) -> None:
    visit = service_of(jia)
    agrees(jia, visit, "openid", "realname")
    assert visit.redeem(visit.code(scope="openid realname")).status_code == 200
    made(jia)
    found = parts(jia)
    assert found["Account and profile"]["number"] == JIA[1]
    assert [one["method"] for one in found["How your name was verified"]] == ["live", "match"]
    assert found["Services that know you"][0]["is_told"] == ["subject", "name", "number", "level"]
    assert found["Who was let in"][0]["service"] == visit.client.name
    assert found["Ways to sign in"][0]["kind"] == "password"
    assert any(one["kind"] == "person.registered" for one in found["Lines about you in the ledger"])
    whole = opened(jia).read("data.json").decode()
    assert PASSWORD not in whole
    assert "$argon2" not in whole
    assert set(found) == set(PARTS)
    assert {"Licenses issued to you", "Your applications", "Data about you between departments"} <= set(found)


def test_it_holds_the_names_and_numbers_that_were(jia: Citizen) -> None:
    was = {"name": "示例旧", "number": "880101198503129999"}
    with jia.house.database.write() as db:
        for what, text in was.items():
            life.keep_former(db, jia.house.vault, jia.person, Former(what, text, clock.now(), "rename"))
    made(jia)
    assert {one["what"]: one["was"] for one in parts(jia)["Account and profile"]["earlier"]} == was


def test_it_can_be_read_by_people_and_holds_each_receipt_as_signed(jia: Citizen) -> None:
    text = consent_text.text(department(), ["openid"], "", "en")
    visit = service_of(jia)
    receipt = consents.agree(jia.house, jia.person, visit.client, ["openid"], text, now=clock.now())
    jia.language = "zh-CN"
    made(jia)
    files = opened(jia)
    assert files.read(f"receipts/{receipt.id}.jwt").decode() == receipt.signed
    page = files.read("data.html").decode()
    assert JIA[0] in page
    assert '<html lang="zh-Hans">' in page
    assert "<script" not in page


def test_what_stands_in_it_cannot_become_markup() -> None:
    page = export.page({"Notices": [{"notice": "<script>alert(1)</script>"}]}, "en", clock.now())
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_it_is_there_for_one_hour(jia: Citizen) -> None:
    made(jia)
    assert "Your copy is ready" in jia.get("/account/copy").text
    with clock.shifted(3590):
        with jia.house.database.read() as db:
            assert db.execute(sa.select(copy_table)).all()
        jia.signs_in(at="/login?again=1")
        assert jia.get("/account/copy.zip").status_code == 200
    with clock.shifted(3700):
        jia.signs_in(at="/login?again=1")
        assert jia.get("/account/copy.zip").status_code == 404
        assert export.forget(jia.house, clock.now()) == 1


def test_it_needs_a_factor_shown_just_now(jia: Citizen) -> None:
    made(jia)
    page = jia.get("/account/copy")
    with clock.shifted(16 * 60):
        for path in ("/account/copy", "/account/copy.zip"):
            assert jia.get(path).location == "/login?again=1&next=/account/copy"
        assert jia.send(page, "/account/copy").location.startswith("/login?again=1")


def test_nobody_else_gets_it(jia: Citizen) -> None:
    made(jia)
    stranger = Citizen(jia.house, jia.app, jia.register, account="some.body")
    assert stranger.get("/account/copy.zip").location.startswith("/login")
    stranger.registers()
    assert stranger.get("/account/copy.zip").status_code == 404


def test_at_rest_it_is_sealed_and_the_job_names_nothing_personal(jia: Citizen) -> None:
    made(jia)
    with jia.house.database.read() as db:
        (row,) = db.execute(sa.select(copy_table)).all()
        bodies = [json.dumps(body) for body in db.execute(sa.select(job_table.c.body)).scalars()]
    assert not row.sealed.startswith(b"PK")
    assert JIA[1].encode() not in row.sealed
    assert all(JIA[0] not in body and JIA[1] not in body for body in bodies)


def test_a_second_request_throws_the_first_away_and_a_late_job_keeps_nothing(jia: Citizen) -> None:
    assert jia.post("/account/copy").status_code == 303
    with jia.house.database.read() as db:
        (first,) = db.execute(sa.select(job_table.c.id).where(job_table.c.kind == export.KIND)).scalars()
    assert jia.post("/account/copy").status_code == 303
    jobs.run(jia.house, first)
    assert jia.get("/account/copy.zip").status_code == 404  # the one that is wanted is not made yet
    assert "It is being made" in jia.get("/account/copy").text


def test_its_owner_is_told_and_cannot_ask_without_end(jia: Citizen) -> None:
    made(jia)
    with jia.house.database.read() as db:
        assert export.READY in [one.title for one in notices.of_person(db, jia.person)]
    for _ in range(4):
        assert jia.post("/account/copy").status_code == 303
    assert jia.post("/account/copy").status_code == 429
