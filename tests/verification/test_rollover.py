"""A root and its successor: followed by a signed statement, never by anything else, and never back."""

import base64
import hashlib
import json
from datetime import timedelta
from pathlib import Path

import pytest

from certs import roll, rollover, trust
from certs.model import ROOT, RollRefused
from hub import ledger
from seals import lifecycle
from seals.model import Design
from tests.licenses.samples import MARKET
from tests.verification.desk import Desk, b64
from tests.verification.test_cli import site
from verification.collect import NotTrusted, collect
from verification.model import Reason
from verification.pdf import examine
from verification.receipt import NotGenuine
from verification.rollover import TYPE, follow
from verification.trust import certificates
from yinxin.verify import load_trust, verify


@pytest.fixture
def rolled(own_desk: Desk) -> Desk:
    """A house whose root has named its successor."""
    rollover.rollover(own_desk.house, own_desk.now, by="test")
    return own_desk


def roots(desk: Desk) -> tuple[bytes, ...]:
    """Both roots, the first one first."""
    return tuple(one.der for one in reversed(roll.generations(desk.house, ROOT)))


def statement(desk: Desk, key: str, **changes: object) -> str:
    """A statement as the old root writes it, changed, and signed by any key."""
    return statement_over(desk, roots(desk), key=key, **changes)


def statement_over(desk: Desk, both: tuple[bytes, ...], *, key: str = "root", **changes: object) -> str:
    """The same about two given roots."""
    old, new = both
    claims = {
        "iss": desk.house.settings.pki_url, "seq": 1, "iat": int(desk.now.timestamp()),
        "old": hashlib.sha256(old).hexdigest(), "new": base64.b64encode(new).decode(),
    }  # fmt: skip
    return desk.house.keys.sign_jws(key, TYPE, claims | changes)


def test_who_pins_the_old_root_comes_to_the_new_one(rolled: Desk) -> None:
    old, new = roots(rolled)
    told = rollover.statements(rolled.house)
    assert follow((old,), told, rolled.now) == (old, new)
    assert follow((old, new), told, rolled.now) == (old, new)
    assert follow((new,), told, rolled.now) == (new,)


def test_three_roots_are_a_chain(rolled: Desk) -> None:
    rollover.rollover(rolled.house, rolled.now + timedelta(days=1), by="test")
    all_three = tuple(one.der for one in reversed(roll.generations(rolled.house, ROOT)))
    assert follow(all_three[:1], rollover.statements(rolled.house), rolled.now + timedelta(days=1)) == all_three


@pytest.mark.parametrize("key", ["root-2", "tsa", "trust-list"])
def test_nobody_but_the_root_itself_names_its_successor(rolled: Desk, key: str) -> None:
    with pytest.raises(NotGenuine):
        follow(roots(rolled)[:1], [statement(rolled, key)], rolled.now)


def test_an_unsigned_statement_is_refused(rolled: Desk) -> None:
    told = statement(rolled, "root").split(".")
    none = b64(json.dumps({"alg": "none", "typ": TYPE}).encode())
    for token in (".".join([*told[:2], ""]), f"{none}.{told[1]}.", ".".join([*told[:2], told[2][:-4] + "AAAA"])):
        with pytest.raises(NotGenuine):
            follow(roots(rolled)[:1], [token], rolled.now)


def test_a_statement_that_leads_back_is_refused(rolled: Desk) -> None:
    old, new = roots(rolled)
    back = statement(rolled, "root-2", seq=2, old=hashlib.sha256(new).hexdigest(), new=base64.b64encode(old).decode())
    with pytest.raises(NotGenuine):
        follow((old,), [*rollover.statements(rolled.house), back], rolled.now)


def test_a_second_successor_of_a_root_is_refused(rolled: Desk) -> None:
    """The old key came into other hands long after: whoever has followed it once follows it no more."""
    old, new = roots(rolled)
    other = roll.appoint(
        rolled.house, ROOT, roll.subject_of(roll.generations(rolled.house, ROOT)[0]), "P-384", rolled.now, by="thief"
    )
    fork = statement_over(rolled, (old, other.der), seq=2)
    for told in ([fork], [*rollover.statements(rolled.house), fork]):
        with pytest.raises(NotGenuine):
            follow((old, new), told, rolled.now)


@pytest.mark.parametrize(
    "changes",
    [
        {"new": ""},
        {"new": base64.b64encode(b"no certificate").decode()},
        {"old": "00" * 32},
        {"seq": "1"},
        {"seq": 0},
        {"iat": 4_000_000_000},
        {"iat": "now"},
    ],
    ids=lambda changes: next(f"{name} {str(value)[:8]}" for name, value in changes.items()),
)
def test_a_statement_that_contradicts_itself_is_refused(rolled: Desk, changes: dict[str, object]) -> None:
    with pytest.raises(NotGenuine):
        follow(roots(rolled)[:1], [statement(rolled, "root", **changes)], rolled.now)


def test_a_ca_is_no_root(rolled: Desk) -> None:
    (issuing,) = (one.der for one in roll.generations(rolled.house, "issuing-ca"))
    with pytest.raises(NotGenuine):
        follow(roots(rolled)[:1], [statement(rolled, "root", new=base64.b64encode(issuing).decode())], rolled.now)


# -- a folder


def test_a_folder_follows_and_keeps_both(own_desk: Desk, tmp_path: Path) -> None:
    url, folder = own_desk.house.settings.verify_url, tmp_path / "trust"
    before = own_desk.issue("before")
    first = collect(site(own_desk), url, folder, own_desk.now)
    rollover.rollover(own_desk.house, own_desk.now, by="test")
    for name in ("trust-list", "time-stamp", "issuing-ca"):
        roll.roll(own_desk.house, name, own_desk.now, by="test")
    made = lifecycle.make_seal(
        own_desk.house, MARKET, by="test", now=own_desk.now, design=Design(MARKET.name, "8801010000018")
    )
    second = collect(site(own_desk), url, folder, own_desk.now)
    assert (second.followed, second.new, second.root != first.root, second.crls) == (1, False, True, 4)
    assert certificates((folder / "roots.pem").read_text()) == roots(own_desk)
    held = load_trust(folder, own_desk.now)
    assert verify(own_desk.file(before), held, own_desk.now).reason is Reason.valid
    own_desk.seal = made
    after = own_desk.paper("20260000095")
    assert {check.reason for check in examine(after, held.anchors, own_desk.now).checks} == {None}
    assert collect(site(own_desk), url, folder, own_desk.now).followed == 0


def test_a_new_folder_that_names_the_old_root_ends_at_the_new_one(rolled: Desk, tmp_path: Path) -> None:
    old, new = roots(rolled)
    url = rolled.house.settings.verify_url
    held = collect(site(rolled), url, tmp_path / "t", rolled.now, root=hashlib.sha256(old).hexdigest())
    assert (held.root, held.new) == (hashlib.sha256(new).hexdigest(), True)


def test_a_folder_stays_where_a_forged_statement_would_lead_it(
    rolled: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, folder = rolled.house.settings.verify_url, tmp_path / "trust"
    collect(site(rolled), url, folder, rolled.now)
    pem = (folder / "roots.pem").read_bytes()
    monkeypatch.setattr(rollover, "statements", lambda _: [statement(rolled, "trust-list")])
    with pytest.raises(NotTrusted, match="not signed by the root"):
        collect(site(rolled), url, folder, rolled.now)
    assert (folder / "roots.pem").read_bytes() == pem


# -- making it


def test_a_rollover_that_was_cut_off_is_completed(own_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(*_: object) -> None:
        raise KeyboardInterrupt

    house, now = own_desk.house, own_desk.now
    with monkeypatch.context() as patch:
        patch.setattr(rollover, "_stated", cut)
        with pytest.raises(KeyboardInterrupt):
            rollover.rollover(house, now, by="test")
    new = rollover.rollover(house, now, by="test")
    assert (len(roll.generations(house, ROOT)), len(rollover.statements(house))) == (2, 1)
    assert rollover.rollover(house, now, by="test", to=2) == new
    with house.database.read() as db:
        assert "certificate.rolled" in {one.kind for one in ledger.events(db, subject=new.serial)}


def test_a_root_that_has_ended_names_nobody(own_desk: Desk) -> None:
    with pytest.raises(RollRefused):
        rollover.rollover(own_desk.house, own_desk.now + timedelta(days=9000), by="test")


# -- history


def test_every_trust_list_stays_readable(own_desk: Desk) -> None:
    first = trust.trust_list(own_desk.house, own_desk.now)
    later = own_desk.now + timedelta(days=2)
    second = trust.trust_list(own_desk.house, later)
    fetch, url = site(own_desk), own_desk.house.settings.verify_url
    listed = fetch.get(f"{url}/trust-lists.json").json()["trust_lists"]
    assert [one["seq"] for one in listed] == sorted(one["seq"] for one in listed)
    told = [fetch.get(f"{url}/trust-list/{one['seq']}.jwt").text for one in listed]
    assert told[-2:] == [first, second]
    assert fetch.get(f"{url}/trust-list/999.jwt").status == 404
