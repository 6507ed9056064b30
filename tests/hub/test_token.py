"""Keys in a PKCS#11 token (SoftHSM): used there, never outside, and a token that goes comes back."""

import shutil
import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from hub import callers, token_keys
from hub.house import open_house
from hub.keys import ORDERS, KeyMissing, Keys
from hub.settings import Settings
from hub.token import Token, TokenGone
from idp.provider.tokens import sign
from tests.idp.rp import department
from tests.licenses.conftest import department_in
from verification.answer import verify
from verification.model import Verdict

pytestmark = pytest.mark.system
MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
PASS = "correct horse battery staple"


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Token]:
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    (folder / "conf").write_text(f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(folder / "conf"))
        command = ["softhsm2-util", "--init-token", "--free", "--label", "yinxin", "--pin", "1234", "--so-pin", "5678"]
        subprocess.run(command, check=True, capture_output=True)
        yield Token(MODULE, "yinxin", "1234")


@pytest.fixture
def keys(tmp_path: Path, token: Token) -> Keys:
    return Keys(tmp_path / "keys", PASS, token=token, in_token=("seal",))


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


def test_other_purposes_stay_in_files(keys: Keys) -> None:
    keys.create("code-9", purpose="code")
    assert (keys.folder / "code-9.pem").exists()
    assert keys.sign("code-9", b"x")


def test_a_key_of_a_shared_token_signs_on_another_machine(keys: Keys, tmp_path: Path, token: Token) -> None:
    keys.create("seal-3", purpose="seal")
    carried = keys.carried("seal-3")
    assert "PRIVATE" not in carried
    other = Keys(tmp_path / "other", PASS, token=token, in_token=("seal",))
    other.adopt("seal-3", carried)
    assert other.kid("seal-3") == keys.kid("seal-3")
    assert other.sign("seal-3", b"x")


def test_a_key_made_twice_stays_the_same(keys: Keys, tmp_path: Path, token: Token) -> None:
    keys.create("seal-2", purpose="seal")
    before = keys.kid("seal-2")
    shutil.rmtree(keys.folder)  # a crash after the token made the key, before the file named it
    again = Keys(tmp_path / "keys", PASS, token=token, in_token=("seal",))
    again.create("seal-2", purpose="seal")
    assert again.kid("seal-2") == before


def test_a_process_without_the_token_cannot_sign(keys: Keys) -> None:
    keys.create("seal-3", purpose="seal")
    with pytest.raises(KeyMissing, match="token"):
        Keys(keys.folder, PASS).sign("seal-3", b"x")


@pytest.mark.parametrize(
    "wrong",
    [Token(MODULE, "nobody", "1234"), Token(Path("/nowhere.so"), "yinxin", "1234")],
    ids=["label", "module"],
)
def test_a_token_that_is_not_there_is_named(wrong: Token) -> None:
    with pytest.raises(TokenGone):
        wrong.sign("seal-1", b"0" * 32)


def test_a_token_that_comes_back_is_used_again(keys: Keys, token: Token) -> None:
    keys.create("seal-4", purpose="seal")
    keys.sign("seal-4", b"x")
    session = token._session
    session.close()
    with pytest.raises(TokenGone):
        keys.sign("seal-4", b"x")
    assert keys.sign("seal-4", b"x")


def test_access_tokens_are_signed_in_the_token_after_a_change_of_keys(
    token: Token, settings: Settings, now: datetime
) -> None:
    given = {"pkcs11_module": MODULE, "pkcs11_token": "yinxin", "pkcs11_pin": "1234", "pkcs11_purposes": "tokens"}
    house = open_house(Settings(**(settings.model_dump() | given)))
    object.__setattr__(house.keys, "_token", token)
    (fresh,) = token_keys.replace_now(house, "test", now, algorithms=["ES256"])
    assert not (settings.data / "keys" / f"{fresh.name}.pem").exists()
    made = sign.client_token(house, department(), scopes=["verify"], now=now)
    assert callers.read_token(house, made, now).client
    house.close()


def test_a_license_sealed_by_the_token_is_valid(token: Token, settings: Settings, now: datetime) -> None:
    given = {"pkcs11_module": MODULE, "pkcs11_token": "yinxin", "pkcs11_pin": "1234"}
    house = open_house(Settings(**(settings.model_dump() | given)))
    object.__setattr__(house.keys, "_token", token)  # one login per process and token
    license = department_in(house, now).issue()
    assert not list((settings.data / "keys").glob("seal-*.pem"))
    assert verify(house, file=house.blobs.get(license.sealed), now=now).verdict is Verdict.valid
    house.close()
