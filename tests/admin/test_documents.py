"""Sealing a document at the console, without JavaScript: upload, look, place, seal, take away."""

import re
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient

from admin.model.operator import Right
from hub import asked
from hub.house import House
from seals import grants, lifecycle, store
from seals.model import Agency, Seal
from seals.store import documents as rows
from seals.store.tables import seal_table
from tests.admin import offices
from tests.hub.test_web import token_in
from tests.seals import foreign

QIYUN = Agency(offices.MARKET, "栖云市市场监督管理局", "Qiyun Administration for Market Regulation", offices.QIYUN)


@pytest.fixture
def seal(house: House, now: Any) -> Seal:
    offices.places(house)
    made = lifecycle.make_seal(house, QIYUN, code13="8801010000017", by="test", now=now)
    grants.grant(house, made.id, "", purposes=("document:letter",), officer="clerk", by="owner", now=now)
    return made


class Desk:
    """One officer's browser."""

    def __init__(self, house: House, client: FlaskClient, person: str, now: Any) -> None:
        self.client = client
        client.set_cookie(
            *offices.cookie(house, offices.officer(house, person, offices.QIYUN, Right.see, now=now), now)
        )

    def get(self, path: str) -> Any:
        return self.client.get(f"/console/documents{path}", headers={"Accept-Language": "en"})

    def post(self, path: str, form_at: str = "", **given: Any) -> Any:
        form = {"csrf": token_in(self.get(form_at or path).text), **given}
        return self.client.post(f"/console/documents{path}", data=form, headers={"Accept-Language": "en"})

    def upload(self, seal: Seal, data: bytes, kind: str = "letter", key: str = "k") -> Any:
        file = (BytesIO(data), "决定 7.pdf")
        return self.post("/new", seal=seal.id, kind=kind, key=key, file=file)


@pytest.fixture
def clerk(house: House, client: FlaskClient, seal: Seal, now: Any) -> Desk:
    return Desk(house, client, "clerk", now)


def test_a_letter_is_sealed_from_upload_to_download(house: House, clerk: Desk, seal: Seal) -> None:
    assert "No document here yet" in clerk.get("").text
    data = foreign.pdf(pages=2)
    answer = clerk.upload(seal, data)
    assert answer.status_code == 303, answer.text
    one = answer.location.removeprefix("/console/documents")
    page = clerk.get(one)
    assert "Not sealed yet" in page.text
    assert 'type="image"' in page.text
    picture = re.search(r'src="/console/documents(/\w+/pages/2.png\?width=1000[^"]*)"', page.text)
    assert picture
    assert clerk.get(picture[1].replace("&amp;", "&")).data.startswith(b"\x89PNG")
    moved = clerk.post(f"{one}/place", one, page="1", position="top-right")
    assert moved.location.endswith("?page=1")
    assert clerk.post(f"{one}/seal", one).status_code == 303
    done = clerk.get(one)
    assert "The document is sealed" in done.text
    assert 'type="image"' not in done.text
    file = clerk.get(f"{one}/file")
    assert file.data.startswith(data)
    assert file.headers["Content-Disposition"] == 'attachment; filename="7-sealed.pdf"'
    assert "Sealed" in clerk.get("").text
    assert clerk.upload(seal, data).location == answer.location, "the form sent twice is one document"


def test_a_place_is_pointed_at_without_a_script(house: House, clerk: Desk, seal: Seal) -> None:
    one = clerk.upload(seal, foreign.pdf()).location.removeprefix("/console/documents")
    clerk.post(f"{one}/place", one, **{"page": "1", "at.x": "140", "at.y": "100"})
    with house.database.read() as db:
        spot = rows.document(db, one.strip("/")).spot
    assert spot
    assert (round(spot.x_mm), round(spot.y_mm)) == (105, 75)
    clerk.post(f"{one}/place", one, **{"page": "1", "at.x": "0", "at.y": "0"})
    with house.database.read() as db:
        assert rows.document(db, one.strip("/")).spot == spot, "pressed with a key: nobody pointed anywhere"
    clerk.post(f"{one}/place", one, page="1", position="", x_mm="60", y_mm="50,5")
    with house.database.read() as db:
        measured = rows.document(db, one.strip("/")).spot
    assert measured
    assert (measured.x_mm, measured.y_mm) == (60, 50.5)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"page": "1", "position": "", "x_mm": "1", "y_mm": "1"}, "outside of the page"),
        ({"page": "7", "position": "top"}, "no page 7"),
        ({"page": "1", "position": "", "x_mm": "wide", "y_mm": "1"}, "in millimetres"),
        ({"page": "1", "position": "moon"}, "in millimetres"),
        ({"page": "1", "position": "", "x_mm": "nan", "y_mm": "1"}, "outside of the page"),
    ],
)
def test_a_wrong_place_is_said_at_its_field(clerk: Desk, seal: Seal, given: dict[str, str], said: str) -> None:
    one = clerk.upload(seal, foreign.pdf()).location.removeprefix("/console/documents")
    answer = clerk.post(f"{one}/place", one, **given)
    assert answer.status_code == 422
    assert said in answer.text


def test_a_hostile_file_is_refused_in_words_at_its_field(clerk: Desk, seal: Seal) -> None:
    answer = clerk.upload(seal, foreign.pdf(catalog=b"/OpenAction<</S/JavaScript/JS(x)>>"))
    assert answer.status_code == 422
    assert "It runs programs" in answer.text
    answer = clerk.post("/new", seal=seal.id, kind="letter", key="k2")
    assert "Choose a PDF" in answer.text


def test_what_no_grant_covers_is_not_sealed(clerk: Desk, seal: Seal) -> None:
    one = clerk.upload(seal, foreign.pdf(), kind="decision").location.removeprefix("/console/documents")
    answer = clerk.post(f"{one}/seal", one)
    assert answer.status_code == 403
    assert "No grant of the seal" in answer.text


def test_documents_of_others_are_not_seen(house: House, clerk: Desk, seal: Seal, now: Any) -> None:
    one = clerk.upload(seal, foreign.pdf()).location.removeprefix("/console/documents")
    stranger = Desk(house, clerk.client, "stranger", now)
    for path in (one, f"{one}/file", f"{one}/original", f"{one}/pages/1.png"):
        assert stranger.get(path).status_code == 404
    assert stranger.post(f"{one}/seal", "/new").status_code == 404
    assert "No seal has been given" in stranger.get("/new").text
    assert "决定 7" not in stranger.get("").text


def test_the_custodian_of_a_sensitive_seal_is_asked_and_sees_it(
    house: House, clerk: Desk, seal: Seal, now: Any
) -> None:
    with house.database.write() as db:
        db.execute(seal_table.update().values(sensitive=True))
        store.keep_custodians(db, seal.id, ["keeper"], by="owner", now=now)
    one = clerk.upload(seal, foreign.pdf()).location.removeprefix("/console/documents")
    assert clerk.post(f"{one}/seal", one).status_code == 403
    assert clerk.post(f"{one}/ask", one).status_code == 303
    assert "custodians of this seal were asked" in clerk.get(one).text
    keeper = Desk(house, clerk.client, "keeper", now)
    assert "决定 7.pdf" in keeper.get("").text
    page = keeper.get(one).text
    link = re.search(r"/account/confirm/(\w{32})", page)
    assert link
    with house.database.read() as db:
        question = asked.one(db, link[1])
    assert question
    assert question.person == "keeper"
    assert keeper.post(f"{one}/seal", one).status_code == 404, "to ask and to confirm are two people's"
