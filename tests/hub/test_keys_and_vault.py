"""Custody and vault: no private key and no personal data in clear, and nothing opens in the wrong place."""

import contextlib
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from hub.house import House
from hub.keys import ORDERS, KeyMissing, Keys, WrongPassphrase, WrongSignature
from hub.vault import Damaged, Erased, Vault

PASS = "correct horse battery staple"


@pytest.fixture
def keys(tmp_path: Path) -> Any:
    made = Keys(tmp_path / "keys", PASS)
    made.create("one", purpose="test")
    return made


def test_a_signature_has_one_form_and_verifies(keys: Keys) -> None:
    for number in range(50):
        data = bytes([number])
        signature = keys.sign("one", data)
        public = keys.public("one")
        assert isinstance(public, ec.EllipticCurvePublicKey)
        public.verify(signature, data, ec.ECDSA(hashes.SHA256()))
        assert decode_dss_signature(signature)[1] <= ORDERS["secp256r1"] // 2


def test_a_key_made_twice_stays_the_same(keys: Keys) -> None:
    before = keys.kid("one")
    keys.create("one", purpose="test")
    assert Keys(keys.folder, PASS).kid("one") == before


def test_a_key_that_a_crash_left_half_made_is_completed(keys: Keys) -> None:
    keys.create("half", purpose="test")
    (keys.folder / "half.json").unlink()  # the private half was on disk already
    again = Keys(keys.folder, PASS)
    again.create("half", purpose="test")
    assert again.sign("half", b"data")


def test_the_wrong_passphrase_opens_nothing(keys: Keys) -> None:
    other = Keys(keys.folder, "guess")
    with pytest.raises(WrongPassphrase):
        other.sign("one", b"data")
    keys.secret("two")
    with pytest.raises(WrongPassphrase):
        other.secret("two")


def test_nothing_new_is_made_under_a_wrong_passphrase(keys: Keys) -> None:
    """Whoever gives another one by hand, or none, would make keys that the installation cannot open."""
    for name in ("one", "two"):
        keys.secret(name)
    before = sorted(keys.folder.iterdir())
    other = Keys(keys.folder, "")
    with pytest.raises(WrongPassphrase):
        other.create("three", purpose="test")
    with pytest.raises(WrongPassphrase):
        other.secret("three")
    assert sorted(keys.folder.iterdir()) == before
    (keys.folder / "one.secret").write_bytes(b"damaged, but the other one opens")
    again = Keys(keys.folder, PASS)
    again.create("three", purpose="test")
    assert again.sign("three", b"data")


def test_a_private_key_does_not_leave(keys: Keys) -> None:
    signer: Any = keys.signer("one")
    with pytest.raises(TypeError):
        signer.private_bytes()
    with pytest.raises(TypeError):
        signer.private_numbers()


def test_no_private_key_stands_in_clear_on_disk(keys: Keys) -> None:
    keys.secret("two")
    for path in keys.folder.iterdir():
        assert path.stat().st_mode & 0o077 == 0
        assert b"BEGIN PRIVATE KEY" not in path.read_bytes()
        assert keys.secret("two") not in path.read_bytes()


@pytest.mark.parametrize("name", ["nobody", "../one", "one/..", "", "a.b", "one\0"])
def test_a_name_that_is_no_key_is_refused(keys: Keys, name: str) -> None:
    with pytest.raises(KeyMissing):
        keys.signer(name)


def test_a_flipped_half_is_noticed_before_a_signature_leaves(keys: Keys) -> None:
    keys.create("other", purpose="test")
    keys._publics["one"] = keys.public("other")
    with pytest.raises(Exception, match="wrong signature") as caught:
        keys.sign("one", b"data")
    assert isinstance(caught.value.__cause__, InvalidSignature)


@pytest.mark.parametrize("algorithm", ["P-256", "RSA-2048", "Ed25519"])
def test_the_key_of_tokens_is_opened_only_if_its_halves_belong_together(keys: Keys, algorithm: Any) -> None:
    keys.create("tokens", purpose="test", algorithm=algorithm)
    keys.create("other", purpose="test", algorithm=algorithm)
    keys._publics["tokens"] = keys.public("other")
    with pytest.raises(WrongSignature):
        signs(keys.signer_whose_signatures_are_checked_at_once_by_others("tokens"))


@pytest.mark.parametrize(("algorithm", "spared"), [("P-256", True), ("RSA-2048", False), ("Ed25519", False)])
def test_of_the_keys_of_tokens_only_those_are_spared_whose_faults_tell_nothing(
    keys: Keys, algorithm: Any, *, spared: bool
) -> None:
    keys.create("tokens", purpose="test", algorithm=algorithm)
    keys.create("other", purpose="test", algorithm=algorithm)
    key: Any = keys.signer_whose_signatures_are_checked_at_once_by_others("tokens")
    signs(key)
    key._public = keys.public("other")
    with contextlib.nullcontext() if spared else pytest.raises(WrongSignature):
        signs(key)


def signs(key: Any) -> None:
    if isinstance(key, rsa.RSAPrivateKey):
        key.sign(b"data", padding.PKCS1v15(), hashes.SHA256())
    elif isinstance(key, ec.EllipticCurvePrivateKey):
        key.sign(b"data", ec.ECDSA(hashes.SHA256()))
    else:
        key.sign(b"data")


@pytest.fixture
def vault(house: House) -> Any:
    return house.vault


def test_a_value_opens_for_its_owner_and_purpose_alone(house: House, vault: Vault) -> None:
    with house.database.write() as db:
        sealed = vault.encrypt(db, "p1", "示例甲".encode(), "name")
        vault.encrypt(db, "p2", b"x", "name")
        assert vault.decrypt(db, "p1", sealed, "name").decode() == "示例甲"
        with pytest.raises(Damaged):
            vault.decrypt(db, "p1", sealed, "number")
        with pytest.raises(Damaged):
            vault.decrypt(db, "p2", sealed, "name")
        with pytest.raises(Damaged):
            vault.decrypt(db, "p1", sealed[:-1] + bytes([sealed[-1] ^ 1]), "name")


def test_what_was_erased_cannot_be_read_again(house: House, vault: Vault) -> None:
    with house.database.write() as db:
        sealed = vault.encrypt(db, "p1", b"text", "name")
        vault.erase(db, "p1")
        with pytest.raises(Erased):
            vault.decrypt(db, "p1", sealed, "name")
        vault.encrypt(db, "p1", b"new life", "name")
        with pytest.raises(Damaged):
            vault.decrypt(db, "p1", sealed, "name")


def test_equal_values_meet_in_the_blind_index_and_purposes_do_not(vault: Vault) -> None:
    assert vault.blind("holder", "111:880101198503120015") == vault.blind("holder", "111:880101198503120015")
    assert vault.blind("holder", "x") != vault.blind("other", "x")
    assert "8801" not in vault.blind("holder", "111:880101198503120015")[:4]
