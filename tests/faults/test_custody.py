"""Faults of keys: a token that goes, signs wrongly or is slow. What is stated happens, and nothing is lost."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest

from app import HUB_ROOMS
from certs import store as certificates
from certs import timestamp
from certs.model import ISSUING
from hub import custody, ledger, token_line
from hub.house import House, open_house
from hub.keys import KeyQuarantined, WrongSignature
from hub.settings import Settings
from hub.token import TokenBusy, TokenGone
from idp.model.client import Client, ClientAuth, GrantType
from idp.provider import clients
from idp.provider.tokens import sign
from licenses import fsck, store
from licenses.issue import LEASE, SOON, resume
from tests.conftest import served
from tests.hub.hsm import Hsm
from tests.licenses.conftest import COMPANY, QIYUN, Department, department_in
from verification.answer import verify
from verification.model import Verdict

REST = 0.1  # seconds, for the five of the real thing


@pytest.fixture(scope="module")
def hsm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hsm]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", "")
        yield Hsm(tmp_path_factory.mktemp("softhsm") / "hsm")


@pytest.fixture
def office(hsm: Hsm, settings: Settings, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Iterator[Department]:
    """A department whose seal is in the token; a token that failed is soon tried again."""
    monkeypatch.setattr(token_line, "REST", REST)
    monkeypatch.setattr(token_line, "SECONDS", 1.0)
    house = open_house(Settings(**(settings.model_dump() | hsm.settings)))
    object.__setattr__(house.keys, "_token", hsm.token)  # one login per process and token
    yield department_in(house, now)
    while hsm.token._line.left:
        time.sleep(REST)
    hsm.token._line._rests_until = 0
    house.close()


def is_whole(house: House, now: datetime) -> bool:
    """I1-I5: every number ended or waits, every file has its row and every row its file."""
    return not fsck.fsck(house, now)[1]


def license_is_valid(house: House, sealed: str, now: datetime) -> bool:
    return verify(house, file=house.blobs.get(sealed), now=now).verdict is Verdict.valid


def gone(hsm: Hsm) -> Any:
    return hsm.away()


def going(hsm: Hsm) -> Any:
    return hsm.removed_in_signing()


# -- 15: the token is gone before or during signing


@pytest.mark.parametrize("fault", [gone, going])
def test_15_licenses_wait_for_a_token_that_is_gone(
    hsm: Hsm, office: Department, now: datetime, fault: Callable[[Hsm], Any]
) -> None:
    first = office.issue("first")
    with fault(hsm):
        for count in range(4):
            with pytest.raises(TokenGone):
                office.issue(f"later-{count}")
        with office.house.database.read() as db:
            assert len(store.pending(db, now + LEASE)) == 4
        assert is_whole(office.house, now)
    time.sleep(1.5 * REST)
    soon = now + SOON
    ended = resume(office.house, soon)
    assert len(ended) == 4, "what was begun goes on by itself"
    for count in range(4):
        license = office.issue(f"later-{count}")  # the program asks again and gets what it asked for
        assert license.identifier in ended
        assert license_is_valid(office.house, license.sealed, soon)
    assert license_is_valid(office.house, first.sealed, soon)
    assert is_whole(office.house, soon)


def test_15_the_token_goes_and_comes_while_many_licenses_are_sealed(
    hsm: Hsm, office: Department, now: datetime
) -> None:
    answered: dict[str, str] = {}

    def issue_all(part: int) -> None:
        for count in range(6):
            key = f"{part}-{count}"
            try:
                answered[key] = office.issue(key).identifier
            except (TokenGone, TokenBusy):
                time.sleep(0.02)

    threads = [threading.Thread(target=issue_all, args=(part,)) for part in range(2)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        time.sleep(0.05)
        with hsm.away():
            time.sleep(0.05)
    for thread in threads:
        thread.join()
    time.sleep(1.5 * REST)
    later = now + LEASE
    resume(office.house, later)
    with office.house.database.read() as db:
        assert store.pending(db, later + LEASE) == []
    numbers = {
        key: office.issue(key).identifier for key in (f"{part}-{count}" for part in range(2) for count in range(6))
    }
    assert len(set(numbers.values())) == 12
    assert answered.items() <= numbers.items(), "who was given a license keeps it"
    assert is_whole(office.house, later)


@pytest.mark.parametrize(
    ("language", "title"), [("en", "The key token cannot be reached"), ("zh-Hans", "密码设备无法访问")]
)
def test_15_a_program_is_told_in_words_and_when_to_come_back(
    hsm: Hsm, office: Department, now: datetime, language: str, title: str
) -> None:
    service = Client(
        id="market",
        name="市场监管",
        name_en="Market",
        agency=QIYUN.code,
        place=QIYUN.place,
        auth=ClientAuth.secret_basic,
        secret_digest=clients.secret_digest(clients.new_secret()),
        grant_types=(GrantType.client_credentials,),
        scopes=("licenses:issue",),
    )
    clients.add(office.house, service, by="test", now=now)
    token = sign.client_token(office.house, service, scopes=service.scopes, now=now)
    headers = {"Authorization": f"Bearer {token}", "Accept-Language": language, "Idempotency-Key": "one"}
    office.issue("first")
    program = served(office.house, HUB_ROOMS).test_client()
    with hsm.away():
        answer = program.post("/api/licenses", headers=headers, json={"kind": "business-license", "fields": COMPANY})
    assert answer.status_code == 503
    assert answer.json
    assert 1 <= int(answer.headers["Retry-After"]) <= 5
    assert answer.json["type"] == "urn:yinxin:problem:token-gone"
    assert answer.json["title"] == title
    assert answer.json["advice"]


# -- 16: the token signs wrongly


def test_16_a_wrong_signature_never_leaves_and_its_key_is_put_aside(
    hsm: Hsm, office: Department, now: datetime
) -> None:
    house, key = office.house, office.seal.key_name
    with hsm.wrong():
        with pytest.raises(WrongSignature):
            office.issue("first")
        with pytest.raises(KeyQuarantined):
            office.issue("second")
        with pytest.raises(WrongSignature):
            custody.release(house, key, by="test", because="hope", now=now)
    with pytest.raises(KeyQuarantined):  # the fault is over, yet nobody has looked into it
        office.issue("third")
    with pytest.raises(KeyQuarantined):
        open_house(house.settings).keys.sign(key, b"x")  # in every process
    assert house.keys.sign("code-1", b"x"), "other keys go on"
    custody.tell(house, now)
    custody.tell(house, now)
    with house.database.read() as db:
        (told,) = ledger.events(db, subject=key, kind="key.")
    assert (told.kind, told.facts) == ("key.quarantined", {"custody": "token"})
    custody.release(house, key, by="operator", because="board replaced", now=now)
    with house.database.read() as db:
        released = ledger.events(db, subject=key, kind="key.")[0]
    assert (released.kind, released.by, released.facts) == ("key.released", "operator", {"because": "board replaced"})
    assert len(resume(house, now + SOON)) == 3, "no license was lost"
    assert is_whole(house, now + SOON)


def test_16_who_must_know_is_told_at_once(hsm: Hsm, office: Department) -> None:
    with hsm.wrong(), pytest.raises(WrongSignature):
        office.house.keys.sign(office.seal.key_name, b"x")
    for _ in range(100):
        with office.house.database.read() as db:
            if ledger.events(db, subject=office.seal.key_name, kind="key.quarantined"):
                return
        time.sleep(0.05)
    raise AssertionError("nobody was told")


def test_16_a_key_that_signs_rightly_is_not_released(office: Department, now: datetime) -> None:
    with pytest.raises(custody.NotInQuarantine):
        custody.release(office.house, office.seal.key_name, by="test", because="", now=now)


@pytest.mark.parametrize(
    "name", ["tsa", "ocsp", "issuing-ca", "root", "trust-list", "tokens-1", "tokens-1-rs", "code-1"]
)
def test_16_every_key_is_watched(house: House, name: str) -> None:
    """The two halves in the folder are not of one key: what a bit that flipped looks like."""
    kind: Any = {"root": "P-384", "tokens-1-rs": "RSA-2048"}.get(name, "P-256")
    house.keys.create("other", purpose="test", algorithm=kind)
    house.keys._publics[name] = house.keys.public("other")
    with pytest.raises(WrongSignature):
        house.keys.sign(name, b"x", "sha384" if name == "root" else "sha256")
    with pytest.raises(KeyQuarantined):
        house.keys.signer(name)


def test_16_a_time_stamp_of_a_quarantined_unit_is_missing_and_the_license_is_not(house: House, now: datetime) -> None:
    office = department_in(house, now)
    house.keys.create("other", purpose="test")
    house.keys._publics["tsa"] = house.keys.public("other")
    with pytest.raises(WrongSignature):
        timestamp.token(house, bytes(32), now)
    license = office.issue()
    assert license.level == "B-B"
    with house.database.read() as db:
        assert certificates.newest(db, ISSUING)


# -- 17: the token is slow


def test_17_a_slow_token_sheds_and_nobody_else_waits(hsm: Hsm, office: Department) -> None:
    house, key = office.house, office.seal.key_name
    house.keys.sign(key, b"x")
    outcomes: list[Any] = []

    def ask() -> None:
        try:
            outcomes.append(house.keys.sign(key, b"x"))
        except (TokenBusy, TokenGone) as error:
            outcomes.append(error)

    threads = [threading.Thread(target=ask) for _ in range(2 * token_line.PLACES)]
    with hsm.slow(0.15):
        for thread in threads:
            thread.start()
        began = time.monotonic()
        for _ in range(20):  # what a sign-in needs: a key in a file
            house.keys.sign("tokens-1", b"x")
        assert time.monotonic() - began < token_line.SECONDS, "sign-in does not stand in that line"
        for thread in threads:
            thread.join()
    assert len(outcomes) == len(threads)
    assert {type(one) for one in outcomes} == {bytes, TokenBusy}
    assert house.keys.sign(key, b"x")


def test_17_a_token_that_hangs_is_given_up_in_time(hsm: Hsm, office: Department, now: datetime) -> None:
    office.issue("first")
    began = time.monotonic()
    with hsm.slow(2 * token_line.SECONDS), pytest.raises(TokenGone):
        office.issue("second")
    assert time.monotonic() - began < 2 * token_line.SECONDS, "the call still runs; its caller has been told"
    time.sleep(1.5 * REST)
    assert resume(office.house, now + SOON), "by another thread, with a session of its own"
