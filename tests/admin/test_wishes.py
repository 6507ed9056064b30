"""What a service that looks after itself wishes to be shown as comes into force when two persons have read it."""

import threading
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest

from admin import clients as verbs
from admin.model.operator import Right
from hub import clock
from hub.house import House
from idp.model.flow import Refused
from idp.provider import clients, registration
from idp.provider.registration import Registered
from idp.store import logos
from tests.admin.test_clients import Office, asked, decided, kept, office, post
from tests.idp.rp import CALLBACK
from tests.idp.site import site
from tests.idp.test_registration import LOGO, PNG, initial

__all__ = ["office"]
NEW = "https://elsewhere.example/callback"
SAID: dict[str, Any] = {"redirect_uris": [CALLBACK], "client_name": "Market"}
WISH = SAID | {"client_name": "Ministry", "redirect_uris": [NEW], "logo_uri": LOGO, "tos_uri": "https://x.example/t"}


@pytest.fixture
def wishing(house: House) -> Registered:
    """A service that a token let in, and that wishes another name, a picture and an address on a new host."""
    site(house, "https://pictures.example", pages={"/logo": PNG})
    done = registration.register(house, SAID, initial(house), "net", clock.now())
    wishes(house, done)
    return done


def wishes(house: House, done: Registered, **said: Any) -> None:
    registration.change(house, done.client.id, done.token, WISH | {"client_id": done.client.id} | said, clock.now())


def test_two_read_what_it_wishes_and_then_it_is_so(house: House, office: Office, wishing: Registered) -> None:
    id = wishing.client.id
    officer = office("anna", Right.services)
    assert "Wish to be shown or to lead otherwise" in officer.get("/console/clients?lang=en").text
    assert "Services that wish to be shown or to lead otherwise: 1" in officer.get("/console/?lang=en").text
    page = officer.get(f"/console/clients/{id}?lang=en").text
    assert all(word in page for word in ("Ministry", NEW, LOGO, "https://x.example/t", f"{id}/wished-picture"))
    assert officer.get(f"/console/clients/{id}/wished-picture").data == PNG
    answer = asked(office, id, "wish", wish_reason="new brand")
    assert kept(house, id).name_en == "Market"
    read = office("bernd", Right.approve).get(f"{answer.location}?lang=en").text
    assert all(word in read for word in ("Market", "Ministry", NEW, LOGO))
    assert decided(house, office, answer).status_code == 303
    made = clients.known(house, id, clock.now())
    assert made is not None
    assert (made.name_en, made.redirect_uris, made.registered.wished) == ("Ministry", (NEW,), "")
    with house.database.read() as db:
        shown, waits = logos.logo(db, id), logos.logo(db, logos.wished(id))
    assert shown is not None
    assert (shown.data, waits) == (PNG, None)
    assert registration.read(house, id, wishing.token).client == made  # it goes on looking after itself
    wishes(house, wishing)
    assert kept(house, id) == made


def test_what_it_wishes_after_it_was_read_is_not_approved(house: House, office: Office, wishing: Registered) -> None:
    answer = asked(office, wishing.client.id, "wish", wish_reason="new brand")
    wishes(house, wishing, client_name="Treasury")
    assert decided(house, office, answer).status_code == 409
    assert kept(house, wishing.client.id).name_en == "Market"


def test_a_no_leaves_it_and_a_wish_can_be_set_aside(house: House, office: Office, wishing: Registered) -> None:
    id = wishing.client.id
    assert decided(house, office, asked(office, id, "wish", wish_reason="?"), decision="reject").status_code == 303
    assert kept(house, id).registered.wished
    assert asked(office, id, "wish", decision="aside").status_code == 303
    found = kept(house, id)
    assert (found.name_en, found.redirect_uris, found.registered.wished) == ("Market", (CALLBACK,), "")
    assert "Services that wish" not in office("anna").get("/console/?lang=en").text
    assert office("anna").get(f"/console/clients/{id}/wished-picture").status_code == 404
    assert asked(office, id, "wish", wish_reason="again").status_code == 409


def test_a_wish_needs_a_reason_and_the_right(house: House, office: Office, wishing: Registered) -> None:
    id, page = wishing.client.id, f"/console/clients/{wishing.client.id}"
    assert asked(office, id, "wish", wish_reason=" ").status_code == 422
    for typed in ({"wish_reason": "please"}, {"decision": "aside"}):
        assert post(office("clara"), f"{page}/wish", page, **typed).status_code == 403
    assert kept(house, id).registered.wished


def test_an_approval_and_a_change_at_once_lose_neither(house_on: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both read the service, change a part and write the whole."""
    done = registration.register(house_on, SAID, initial(house_on), "net", clock.now())
    changed = SAID | {"client_id": done.client.id, "client_name": "Ministry"}
    registration.change(house_on, done.client.id, done.token, changed, clock.now())
    wanted = {"name_en": "Ministry", "wished": ""}
    approval: Any = SimpleNamespace(subject=done.client.id, body={"before": {}, "after": wanted})
    by: Any = SimpleNamespace(label="officer")
    inside, go, keep = threading.Event(), threading.Event(), clients.keep

    def slow(*given: Any, by: str, now: datetime) -> None:
        if by == "officer":
            inside.set()
            go.wait(5)
        keep(*given, by=by, now=now)

    def approves() -> None:
        with house_on.database.write() as db:
            verbs.carry(house_on, db, approval, by, clock.now())

    monkeypatch.setattr(clients, "keep", slow)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(approves)
        inside.wait(5)
        more = changed | {"software_version": "2"}
        second = pool.submit(registration.change, house_on, done.client.id, done.token, more, clock.now())
        wait([second], 0.3)
        go.set()
        first.result(10)
        refused = isinstance(second.exception(10), Refused)
    found = kept(house_on, done.client.id)
    assert found.name_en == "Ministry"
    assert refused or found.registered.software_version == "2"
