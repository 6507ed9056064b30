"""What the room does by itself."""

from datetime import timedelta

from flask import Flask, request

from hub import clock, outbox
from hub.house import House
from idp import chores
from idp.provider import logout
from idp.store.grants import grant_table
from tests.idp.rp import Visit, department


def test_the_front_door_knows_how_services_are_told(house: House, app: Flask) -> None:
    """Without its own sender a notice would go out as plain JSON."""
    visit = Visit(house, app, department(backchannel_logout_uri="https://market.qiyun.example/told"))
    site, got = Flask("site"), list[str]()

    @site.post("/told")
    def take() -> str:
        got.append(request.form["logout_token"])
        return ""

    house.fetch.serve_here("https://market.qiyun.example", site)
    visit.signs_in()
    visit.tokens()
    with house.database.write() as db:
        logout.end(db, clock.now(), person=visit.person, why="test")
    assert outbox.deliver(house, clock.now()) == 1
    assert visit.claims(got[0])["aud"] == visit.client.id


def test_ended_grants_do_not_pile_up(visit: Visit) -> None:
    visit.signs_in()
    visit.tokens()
    mine = grant_table.select().where(grant_table.c.person == visit.person)
    for days, left in ((31, 1), (33, 0)):
        chores.forget_ended(visit.house, clock.now() + timedelta(days=days))
        with visit.house.database.read() as db:
            assert len(db.execute(mine).all()) == left
