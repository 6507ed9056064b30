"""Keys in a PKCS#11 token (SoftHSM): used there, never outside, and a token that goes comes back."""

import shutil
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from hub import callers, lanes, token_keys, token_line
from hub.house import open_house
from hub.keys import ORDERS, Algorithm, KeyMissing, Keys
from hub.settings import Settings
from hub.token import Token, TokenBusy, TokenGone
from idp.provider.tokens import sign
from tests.hub.hsm import LABEL, MODULE, PIN, Hsm
from tests.idp.rp import department
from tests.licenses.conftest import department_in
from verification.answer import verify
from verification.model import Verdict

pytestmark = pytest.mark.system
PASS = "correct horse battery staple"
SHORT = 0.1  # seconds that stand here for those of the real thing


@pytest.fixture(scope="module")
def hsm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hsm]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", "")
        yield Hsm(tmp_path_factory.mktemp("softhsm") / "hsm")


@pytest.fixture
def keys(tmp_path: Path, hsm: Hsm) -> Keys:
    return Keys(tmp_path / "keys", PASS, token=hsm.token, in_token=("seal",))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, hsm: Hsm) -> Iterator[None]:
    """Waits and rests are short, and over when the test is."""
    monkeypatch.setattr(token_line, "REST", SHORT)
    monkeypatch.setattr(token_line, "SECONDS", 5 * SHORT)
    yield
    while hsm.token._line.left:
        time.sleep(SHORT)
    hsm.token._line._rests_until = 0


def test_a_key_of_the_token_signs_with_low_s_and_is_in_no_file(keys: Keys) -> None:
    keys.create("seal-1", purpose="seal")
    public = keys.public("seal-1")
    assert isinstance(public, ec.EllipticCurvePublicKey)
    for number in range(20):
        signature = keys.sign("seal-1", bytes([number]))
        public.verify(signature, bytes([number]), ec.ECDSA(hashes.SHA256()))
        assert decode_dss_signature(signature)[1] <= ORDERS["secp256r1"] // 2
    assert [path.name for path in keys.folder.iterdir()] == ["seal-1.json"]
    with pytest.raises(TypeError):
        keys.signer("seal-1").private_bytes()  # type: ignore[call-arg]


def test_an_rsa_key_of_the_token_signs_in_both_forms_of_pkcs_1(keys: Keys) -> None:
    keys.create("seal-rsa", purpose="seal", algorithm="RSA-3072")
    assert not (keys.folder / "seal-rsa.pem").exists()
    public, signer = keys.public("seal-rsa"), keys.signer("seal-rsa")
    assert isinstance(public, rsa.RSAPublicKey)
    assert isinstance(signer, rsa.RSAPrivateKey)
    assert public.key_size == 3072
    public.verify(keys.sign("seal-rsa", b"x"), b"x", padding.PKCS1v15(), hashes.SHA256())
    digest = hashes.Hash(hashes.SHA384())
    digest.update(b"x")
    ready = keys.sign_digest("seal-rsa", digest.finalize(), "sha384")
    public.verify(ready, b"x", padding.PKCS1v15(), hashes.SHA384())
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
    public.verify(signer.sign(b"x", pss, hashes.SHA256()), b"x", pss, hashes.SHA256())


def test_other_purposes_stay_in_files(keys: Keys) -> None:
    keys.create("code-9", purpose="code")
    assert (keys.folder / "code-9.pem").exists()
    assert keys.sign("code-9", b"x")


def test_what_a_token_does_not_make_stays_in_a_file(keys: Keys) -> None:
    keys.create("seal-ed", purpose="seal", algorithm="Ed25519")
    assert (keys.folder / "seal-ed.pem").exists()


def test_a_key_of_a_shared_token_signs_on_another_machine(keys: Keys, tmp_path: Path, hsm: Hsm) -> None:
    keys.create("seal-3", purpose="seal")
    carried = keys.carried("seal-3")
    assert "PRIVATE" not in carried
    other = Keys(tmp_path / "other", PASS, token=hsm.token, in_token=("seal",))
    other.adopt("seal-3", carried)
    assert other.kid("seal-3") == keys.kid("seal-3")
    assert other.sign("seal-3", b"x")


@pytest.mark.parametrize("algorithm", ["P-256", "P-384"])
def test_a_key_made_twice_stays_the_same(keys: Keys, tmp_path: Path, hsm: Hsm, algorithm: Algorithm) -> None:
    name = f"seal-{algorithm}"
    keys.create(name, purpose="seal", algorithm=algorithm)
    before = keys.kid(name)
    shutil.rmtree(keys.folder)  # a crash after the token made the key, before the file named it
    again = Keys(tmp_path / "keys", PASS, token=hsm.token, in_token=("seal",))
    again.create(name, purpose="seal", algorithm=algorithm)
    assert again.kid(name) == before


def test_a_process_without_the_token_cannot_sign(keys: Keys) -> None:
    keys.create("seal-3", purpose="seal")
    with pytest.raises(KeyMissing, match="token"):
        Keys(keys.folder, PASS).sign("seal-3", b"x")


@pytest.mark.parametrize(
    "wrong",
    [Token(MODULE, "nobody", PIN), Token(Path("/nowhere.so"), LABEL, PIN)],
    ids=["label", "module"],
)
def test_a_token_that_is_not_there_is_named(wrong: Token) -> None:
    with pytest.raises(TokenGone):
        wrong.sign_digest("seal-1", b"0" * 32)


def test_a_key_that_the_token_does_not_have_is_missing(hsm: Hsm) -> None:
    """It is no fault of the token: others go on."""
    for _ in range(token_line.FAILURES + 1):
        with pytest.raises(KeyMissing):
            hsm.token.sign_digest("nobody", b"0" * 32)


def test_a_wrong_pin_is_tried_once(tmp_path: Path, hsm: Hsm, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token locks itself after some tries; whoever retries for ever locks it."""
    wrong = Token(MODULE, LABEL, "0000")
    hsm.token._line.ask(lambda desk: desk._drop())  # the login is the process's
    with pytest.raises(TokenGone, match="PinIncorrect"):
        wrong.sign_digest("seal-1", b"0" * 32)
    with pytest.raises(TokenGone, match="refused the PIN"):
        wrong.sign_digest("seal-1", b"0" * 32)


def test_a_session_that_was_closed_is_opened_again(keys: Keys, hsm: Hsm) -> None:
    keys.create("seal-4", purpose="seal")
    keys.sign("seal-4", b"x")
    hsm.token._line.ask(lambda desk: desk._session.close())
    assert keys.sign("seal-4", b"x")


@pytest.mark.usefixtures("quick")
def test_a_token_that_fails_is_left_alone_and_tried_again(keys: Keys, hsm: Hsm) -> None:
    keys.create("seal-5", purpose="seal")
    with hsm.away():
        for _ in range(token_line.FAILURES):
            with pytest.raises(TokenGone):
                keys.sign("seal-5", b"x")
        with pytest.raises(TokenGone, match="tried again soon") as told:
            keys.sign("seal-5", b"x")
        assert told.value.extras["retry_after"] >= 1
        time.sleep(1.5 * SHORT)
        with pytest.raises(TokenGone, match="GeneralError"):  # one try
            keys.sign("seal-5", b"x")
        with pytest.raises(TokenGone, match="tried again soon"):  # and it rests once more
            keys.sign("seal-5", b"x")
    time.sleep(1.5 * SHORT)
    assert keys.sign("seal-5", b"x")


@pytest.mark.usefixtures("quick")
def test_a_token_that_hangs_holds_nobody(keys: Keys, hsm: Hsm) -> None:
    keys.create("seal-6", purpose="seal")
    keys.sign("seal-6", b"x")
    began = time.monotonic()
    with hsm.slow(10 * SHORT), pytest.raises(TokenGone, match="did not answer"):
        keys.sign("seal-6", b"x")
    assert time.monotonic() - began < 9 * SHORT, "nobody waits for a call that cannot be taken back"
    time.sleep(1.5 * SHORT)
    assert keys.sign("seal-6", b"x"), "another thread, with a session of its own, while the first one hangs"
    assert hsm.token._line.left == 1


def test_a_slow_token_is_asked_by_few_at_once(keys: Keys, hsm: Hsm) -> None:
    keys.create("seal-7", purpose="seal")
    keys.sign("seal-7", b"x")
    outcomes: list[Any] = []

    def ask() -> None:
        try:
            outcomes.append(keys.sign("seal-7", b"x"))
        except (TokenBusy, TokenGone) as error:
            outcomes.append(error)

    threads = [threading.Thread(target=ask) for _ in range(40)]
    with hsm.slow(SHORT):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    signed = [one for one in outcomes if isinstance(one, bytes)]
    sent_away = [one for one in outcomes if isinstance(one, TokenBusy)]
    assert len(outcomes) == 40
    assert 1 <= len(signed) <= token_line.PATIENT + 3
    assert len(signed) + len(sent_away) == 40, "a slow token is not taken for one that is gone"
    assert {one.extras["retry_after"] for one in sent_away} == {2}


def test_who_signs_in_a_token_does_not_keep_a_thread_for_pages(keys: Keys, tmp_path: Path) -> None:
    with lanes.impatient():
        with pytest.raises(lanes.Waits):
            keys.calls_out("seal")
        keys.calls_out("code")
        Keys(tmp_path / "keys", PASS).calls_out("seal")


def test_access_tokens_are_signed_in_the_token_after_a_change_of_keys(
    hsm: Hsm, settings: Settings, now: datetime
) -> None:
    given = hsm.settings | {"pkcs11_purposes": "tokens"}
    house = open_house(Settings(**(settings.model_dump() | given)))
    object.__setattr__(house.keys, "_token", hsm.token)
    (fresh,) = token_keys.replace_now(house, "test", now, algorithms=["ES256"])
    assert not (settings.data / "keys" / f"{fresh.name}.pem").exists()
    made = sign.client_token(house, department(), scopes=["verify"], now=now)
    assert callers.read_token(house, made, now).client
    house.close()


@pytest.mark.parametrize("algorithm", ["P-256", "RSA-3072"])
def test_a_license_sealed_by_the_token_is_valid(hsm: Hsm, settings: Settings, now: datetime, algorithm: str) -> None:
    house = open_house(Settings(**(settings.model_dump() | hsm.settings)))
    object.__setattr__(house.keys, "_token", hsm.token)  # one login per process and token
    license = department_in(house, now, algorithm=algorithm).issue()
    assert not list((settings.data / "keys").glob("seal-*.pem"))
    assert verify(house, file=house.blobs.get(license.sealed), now=now).verdict is Verdict.valid
    house.close()
