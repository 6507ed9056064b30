"""A suspicion from a result in two taps: without JavaScript, without an account, without a name."""

import re

import pytest
from flask.testing import FlaskClient

import app as front
from hub import inbox, numbers
from licenses.model import License
from tests.verification.desk import Desk
from verification.model import Reason
from verification.model.suspicion import LIKELY, SAYS, Wrong


@pytest.fixture
def license(own_desk: Desk) -> License:
    return own_desk.issue("one")


@pytest.fixture
def visitor(own_desk: Desk) -> FlaskClient:
    """A browser without cookies and without JavaScript."""
    made = front.create_app(own_desk.house.settings, rooms=("verification",), house=own_desk.house)
    made.testing = True
    return made.test_client()


def token(page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found
    return found[1]


def result(visitor: FlaskClient, number: str) -> str:
    page = visitor.get("/?lang=en").text
    return visitor.post("/check", data={"csrf": token(page), "number": number}).text


def tap(visitor: FlaskClient, page: str, **words: str) -> str:
    """Send the form of the result as it stands there; the number of the report."""
    form = page.partition('action="/report"')[2].partition("</form>")[0]
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
    chosen = re.search(r'name="wrong" value="([a-z-]+)" checked', form)
    assert chosen
    answer = visitor.post("/report", data={**fields, "wrong": chosen[1], **words})
    assert answer.status_code == 303, answer.text
    return str(answer.location.rpartition("/")[2])


def test_two_taps_from_a_result(visitor: FlaskClient, own_desk: Desk, license: License) -> None:
    number = tap(visitor, result(visitor, license.identifier), words="the name differs")
    shown = visitor.get(f"/reported/{number}?lang=en").text
    assert number in shown
    assert f'href="{own_desk.house.settings.home_url}/desk/{number}"' in shown
    with own_desk.house.database.read() as db:
        (letter,) = inbox.read(db, "suspicion")
    expected = {"license": license.identifier, "verdict": "valid", "reason": "number-in-force", "wrong": "differs"}
    assert expected.items() <= letter.body.items()
    assert letter.body["ticket"] == numbers.key(own_desk.house.vault, number)
    assert "name differs" not in str(letter.body)
    assert number not in str(letter.body)


def test_an_unknown_number_can_be_reported_as_well(visitor: FlaskClient, own_desk: Desk, license: License) -> None:
    unknown = str(own_desk.identifier("20260000999"))
    assert tap(visitor, result(visitor, unknown)).startswith("R-")


def test_every_result_that_a_browser_finds_leads_to_the_report(visitor: FlaskClient) -> None:
    page = visitor.get("/?lang=en").text
    links = re.findall(r'data-act="report" href="/report#([^"]+)"', page)
    told = {tuple(part.partition("=")[2] for part in link.replace("&amp;", "&").split("&")) for link in links}
    assert told == {(reason.value, LIKELY[reason.verdict].value) for reason in Reason}
    assert set(SAYS) == set(Wrong)


def test_the_form_alone_asks_for_the_number(visitor: FlaskClient, license: License) -> None:
    page = visitor.get("/report?lang=en").text
    answer = visitor.post("/report", data={"csrf": token(page), "number": license.identifier.lower()})
    assert answer.status_code == 303


@pytest.mark.parametrize(
    ("field", "value"),
    [("number", "2.999.x"), ("words", ""), ("words", "x" * 1001), ("reason", "because"), ("wrong", "everything")],
)
def test_a_wrong_field_is_named(visitor: FlaskClient, own_desk: Desk, field: str, value: str) -> None:
    page = visitor.get("/report?lang=en").text
    fields = {"csrf": token(page), "words": "It looks odd"} | {field: value}
    answer = visitor.post("/report", data=fields)
    assert answer.status_code == 422
    with own_desk.house.database.read() as db:
        assert inbox.read(db, "suspicion") == []


def test_a_report_without_its_form_is_refused(visitor: FlaskClient) -> None:
    assert visitor.post("/report", data={"words": "x"}).status_code == 403


def test_a_mistyped_number_of_a_report_is_not_shown_as_one(visitor: FlaskClient) -> None:
    assert visitor.get("/reported/R-20261122-0000000000-1").status_code == 400


def test_nobody_floods(visitor: FlaskClient) -> None:
    page = visitor.get("/report?lang=en").text
    crowd = {"REMOTE_ADDR": "192.0.2.7"}  # a network of its own: the count outlives this test
    form = {"csrf": token(page), "words": "x"}
    codes = [visitor.post("/report", data=form, environ_overrides=crowd).status_code for _ in range(11)]
    assert codes == [303] * 10 + [429]
