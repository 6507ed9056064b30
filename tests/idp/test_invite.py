"""Operators: a link that works once, and an account that is of no use without its second factor."""

import re
from datetime import timedelta

import pytest

from hub import clock, inbox
from hub.house import House
from idp.account import accounts, invite
from idp.login import totp
from idp.model.factor import Kind, LastFactor
from idp.model.invitation import InvitationGone
from idp.store import invitations
from tests.idp.citizen import PASSWORD, Authenticator, Citizen, local, options

SHORT = "xk7 qp2z vv"


def invited(citizen: Citizen) -> str:
    _, link = invite.invite(citizen.house, "Qiyun market regulation", by="operator", now=clock.now())
    return local(link)


def test_an_operator_is_led_from_the_link_to_a_second_factor(citizen: Citizen) -> None:
    link = invited(citizen)
    made = citizen.post(link, account="market.operator", password=SHORT)
    assert made.location == "/account/second-factor"
    assert list(citizen.session.amr) == ["pwd"]
    assert "Authenticator app" in citizen.get(made.location).text
    page = citizen.get("/account/app")
    key = accounts.new_totp_key(citizen.house, citizen.session)
    citizen.send(page, "/account/app", code=totp.code(key, clock.timestamp() // 30))
    assert citizen.session.amr == ("pwd", "otp", "mfa")
    with citizen.house.database.read() as db:
        letters = inbox.read(db, invite.TAKEN)
    assert [letter.body["person"] for letter in letters] == [citizen.person]


def test_without_a_second_factor_every_sign_in_ends_at_its_page(citizen: Citizen) -> None:
    citizen.post(invited(citizen), account="market.operator", password=SHORT)
    other = Citizen(citizen.house, citizen.app, citizen.register, account="market.operator")
    assert other.signs_in(SHORT).location == "/account/second-factor"
    assert "mfa" not in other.session.amr


def test_a_passkey_serves_as_second_factor(citizen: Citizen) -> None:
    citizen.post(invited(citizen), account="market.operator", password=SHORT)
    device = Authenticator()
    page = citizen.get("/account/passkey")
    citizen.send(page, "/account/passkey", answer=device.create(options(page)))
    assert "mfa" in citizen.session.amr
    other = Citizen(citizen.house, citizen.app, citizen.register, account="market.operator")
    assert other.signs_in(SHORT).location == "/login/second"
    page = other.get("/login/second")
    assert 'name="code"' not in page.text
    assert other.send(page, "/login/second", answer=device.get(options(page))).status_code == 303
    assert other.session.amr == ("pwd", "hwk", "user", "mfa")


def test_the_passkey_of_somebody_else_is_no_second_factor(citizen: Citizen) -> None:
    citizen.post(invited(citizen), account="market.operator", password=SHORT)
    device = Authenticator()
    page = citizen.get("/account/passkey")
    citizen.send(page, "/account/passkey", answer=device.create(options(page)))
    stranger = Citizen(citizen.house, citizen.app, citizen.register, account="other.person")
    stranger.registers()
    foreign = Authenticator()
    page = stranger.get("/account/passkey")
    stranger.send(page, "/account/passkey", answer=foreign.create(options(page)))
    other = Citizen(citizen.house, citizen.app, citizen.register, account="market.operator")
    other.signs_in(SHORT)
    page = other.get("/login/second")
    assert other.send(page, "/login/second", answer=foreign.get(options(page))).status_code == 401
    assert not other.signed_in


def test_the_last_second_factor_of_an_operator_stays(citizen: Citizen) -> None:
    citizen.post(invited(citizen), account="market.operator", password=SHORT)
    device = Authenticator()
    page = citizen.get("/account/passkey")
    citizen.send(page, "/account/passkey", answer=device.create(options(page)))
    held = accounts.factors_of(citizen.house, citizen.person)
    last = next(factor for factor in held if factor.kind is Kind.passkey)
    with pytest.raises(LastFactor):
        accounts.remove_factor(citizen.house, citizen.session, last.id, now=clock.now())


def test_a_short_password_never_stays_alone(citizen: Citizen) -> None:
    citizen.registers()
    page = citizen.get("/account/app")
    key = accounts.new_totp_key(citizen.house, citizen.session)
    citizen.send(page, "/account/app", code=totp.code(key, clock.timestamp() // 30))
    assert citizen.post("/account/password", old=PASSWORD, new=SHORT).status_code == 303
    app = next(one for one in accounts.factors_of(citizen.house, citizen.person) if one.kind is Kind.totp)
    with pytest.raises(LastFactor):
        accounts.remove_factor(citizen.house, citizen.session, app.id, now=clock.now())


def test_a_link_works_once(citizen: Citizen) -> None:
    link = invited(citizen)
    other = Citizen(citizen.house, citizen.app, citizen.register)
    page = other.get(link)
    citizen.post(link, account="market.operator", password=SHORT)
    assert other.send(page, link, account="second.operator", password=SHORT).status_code == 404
    assert other.get(link).status_code == 404


def test_of_two_at_once_one_takes_it_and_the_other_has_no_account(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, link = invite.invite(house, "office", by="operator", now=clock.now())
    token = link.rpartition("/")[2]
    open_ = invite.invitation(house, token, clock.now())
    invite.take(house, token, "first.operator", SHORT, now=clock.now())
    monkeypatch.setattr(invite, "invitation", lambda *_: open_)  # the second one looked before the first was done
    with pytest.raises(InvitationGone):
        invite.take(house, token, "second.operator", SHORT, now=clock.now())
    accounts.register(house, "second.operator", PASSWORD, now=clock.now())  # the name is free: nothing was kept


@pytest.mark.parametrize("token", ["", "x", "..", "%00", "a" * 500])
def test_an_unknown_link_is_gone(citizen: Citizen, token: str) -> None:
    assert citizen.get(f"/invite/{token}").status_code == 404


def test_a_link_ends_by_itself_and_only_its_digest_is_kept(house: House) -> None:
    made, link = invite.invite(house, "office", by="operator", now=clock.now(), hours=1)
    token = link.rpartition("/")[2]
    with pytest.raises(InvitationGone):
        invite.invitation(house, token, clock.now() + timedelta(hours=1))
    assert re.fullmatch(r"[\w-]{32}", token)
    with house.database.read() as db:
        row = db.execute(invitations.invitation_table.select()).one()
    assert row.id == made.id
    assert token not in str(row)
