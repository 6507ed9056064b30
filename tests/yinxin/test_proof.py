"""A proof of inclusion is checked by whoever holds the key alone; whatever was changed in it is refused."""

import base64
import contextlib
import copy
import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

import app as front
from certs import trust
from hub import ledger, proof
from hub.house import House
from hub.jwk import jwk_of, thumbprint
from yinxin.proof import NotProved, check_proof, keys_of, leaf_hash, root_of

Proof = dict[str, Any]


@pytest.fixture
def made(house: House, now: datetime) -> Proof:
    """The proof of one event among others."""
    for number in range(7):
        with house.database.write() as db:
            facts = {"fields": ["name"], "hops": 2, "words": "用途"}
            ledger.wrote(db, "data.used", f"data-use:{number}", by="client:c", at=now, place="hub/880000", facts=facts)
    ledger.sequence(house, now)
    return proof.proof(house, "data.used", "data-use:3")


@pytest.fixture
def key(house: House) -> dict[str, str]:
    return house.keys.jwk(ledger.KEY)


def test_a_genuine_proof_holds(made: Proof, key: Proof) -> None:
    proved = check_proof(made, [key])
    assert proved.event["subject"] == "data-use:3"
    assert proved.event["facts"] == {"fields": ["name"], "hops": 2, "words": "用途"}
    assert check_proof(json.dumps(made), [key]) == proved
    assert check_proof(json.dumps(made, ensure_ascii=False).encode(), [key]) == proved


def test_it_discloses_this_event_alone(made: Proof) -> None:
    assert made.keys() == {"type", "event", "salt", "leaf", "size", "path", "root", "at", "kid", "signature"}
    assert "data-use:2" not in json.dumps(made)


def test_it_holds_after_the_tree_has_grown(house: House, made: Proof, key: Proof, now: datetime) -> None:
    with house.database.write() as db:
        ledger.wrote(db, "other", "x", by="y", at=now)
    ledger.sequence(house, now)
    later = proof.proof(house, "data.used", "data-use:3")
    assert later["size"] > made["size"]
    assert later["leaf"] == made["leaf"]
    check_proof(later, [key])
    check_proof(made, [key])


def test_there_is_no_proof_before_the_head_is_signed(house: House, now: datetime) -> None:
    with house.database.write() as db:
        ledger.wrote(db, "data.used", "data-use:9", by="client:c", at=now)
    with pytest.raises(proof.ProofNotYet):
        proof.proof(house, "data.used", "data-use:9")


def _other(text: str) -> str:
    return ("0" if text[0] != "0" else "1") + text[1:]


def _flipped(signature: str) -> str:
    raw = bytearray(base64.b64decode(signature))
    raw[-1] ^= 1
    return base64.b64encode(raw).decode()


FORGERIES: dict[str, Callable[[Proof], object]] = {
    "another-kind": lambda p: p["event"].update(kind="data.refused"),
    "another-subject": lambda p: p["event"].update(subject="data-use:4"),
    "another-client": lambda p: p["event"].update(by="client:d"),
    "another-time": lambda p: p["event"].update(at="2020-01-01T00:00:00.000000+00:00"),
    "another-place": lambda p: p["event"].update(place="hub"),
    "a-field-more": lambda p: p["event"]["facts"]["fields"].append("number"),
    "a-field-less": lambda p: p["event"]["facts"].update(fields=[]),
    "facts-left-out": lambda p: p["event"].pop("facts"),
    "facts-added": lambda p: p["event"].update(note="x"),
    "number-as-text": lambda p: p["event"]["facts"].update(hops="2"),
    "number-as-float": lambda p: p["event"]["facts"].update(hops=2.0),
    "another-salt": lambda p: p.update(salt=_other(p["salt"])),
    "short-salt": lambda p: p.update(salt=p["salt"][2:]),
    "salt-upper-case": lambda p: p.update(salt="AB" * 16),
    "another-leaf": lambda p: p.update(leaf=p["leaf"] + 1),
    "leaf-outside": lambda p: p.update(leaf=p["size"]),
    "leaf-negative": lambda p: p.update(leaf=-1),
    "leaf-true": lambda p: p.update(leaf=True),
    "leaf-text": lambda p: p.update(leaf=str(p["leaf"])),
    "larger-tree": lambda p: p.update(size=p["size"] + 1),
    "smaller-tree": lambda p: p.update(size=p["size"] - 1),
    "huge-tree": lambda p: p.update(size=2**60),
    "path-shorter": lambda p: p["path"].pop(),
    "path-longer": lambda p: p["path"].append("0" * 64),
    "path-turned": lambda p: p["path"].reverse(),
    "path-changed": lambda p: p["path"].__setitem__(0, _other(p["path"][0])),
    "path-not-hex": lambda p: p["path"].__setitem__(0, "zz" * 32),
    "path-a-text": lambda p: p.update(path="0" * 64),
    "path-endless": lambda p: p.update(path=["0" * 64] * 65),
    "another-root": lambda p: p.update(root=_other(p["root"])),
    "head-earlier": lambda p: p.update(at="2020-01-01T00:00:00.000000+00:00"),
    "head-without-time": lambda p: p.update(at=None),
    "signature-flipped": lambda p: p.update(signature=_flipped(p["signature"])),
    "signature-empty": lambda p: p.update(signature=""),
    "signature-no-base64": lambda p: p.update(signature="€"),
    "signature-missing": lambda p: p.pop("signature"),
    "unknown-key": lambda p: p.update(kid="somebody"),
    "another-type": lambda p: p.update(type="urn:yinxin:inclusion-proof:2"),
    "a-member-more": lambda p: p.update(more=1),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_no_forgery_passes(made: Proof, key: Proof, forgery: str) -> None:
    forged = copy.deepcopy(made)
    FORGERIES[forgery](forged)
    with pytest.raises(NotProved):
        check_proof(forged, [key])
    with pytest.raises(NotProved):
        check_proof(json.dumps(forged), [key])


def test_a_head_that_the_forger_signs_himself_is_refused(made: Proof, key: Proof) -> None:
    own = ec.generate_private_key(ec.SECP256R1())
    jwk = jwk_of(own.public_key())
    text = ledger.signed_text(made["size"], bytes.fromhex(made["root"]), datetime.fromisoformat(made["at"]))
    signature = base64.b64encode(own.sign(text, ec.ECDSA(hashes.SHA256()))).decode()
    with pytest.raises(NotProved, match="do not trust"):
        check_proof(made | {"signature": signature, "kid": thumbprint(jwk)}, [key])
    with pytest.raises(NotProved, match="signature"):
        check_proof(made | {"signature": signature}, [key])


def test_a_member_that_stands_twice_is_refused(made: Proof, key: Proof) -> None:
    text = json.dumps(made).replace('"leaf":', '"leaf": 0, "leaf":', 1)
    with pytest.raises(NotProved):
        check_proof(text, [key])


def test_without_a_key_nothing_is_proved(made: Proof) -> None:
    with pytest.raises(NotProved):
        check_proof(made, [])
    for jwk in ({}, {"kid": made["kid"]}, {"kid": made["kid"], "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}):
        with pytest.raises(NotProved):
            check_proof(made, [jwk])


@given(st.integers(1, 70).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size - 1))), st.data())
def test_every_leaf_of_every_tree_leads_to_its_root_and_no_other(place: tuple[int, int], data: st.DataObject) -> None:
    size, leaf = place
    leaves = [hashlib.sha256(bytes([number])).digest() for number in range(size)]
    tree = ledger.Tree()
    for one in leaves:
        tree.add(one)
    path = _path(leaves, leaf)
    assert root_of(leaves[leaf], leaf, size, path) == tree.root()
    other = data.draw(st.integers(0, size - 1).filter(lambda number: number != leaf or size == 1))
    if size > 1:
        with contextlib.suppress(NotProved):  # the path of another leaf may have another length
            assert root_of(leaves[leaf], other, size, path) != tree.root()


def _path(leaves: list[bytes], leaf: int) -> list[bytes]:
    """RFC 9162 2.1.3.1, straight from its text."""
    if len(leaves) == 1:
        return []
    half = 1 << ((len(leaves) - 1).bit_length() - 1)
    left, right = leaves[:half], leaves[half:]
    if leaf < half:
        return [*_path(left, leaf), _root(right)]
    return [*_path(right, leaf - half), _root(left)]


def _root(leaves: list[bytes]) -> bytes:
    tree = ledger.Tree()
    for one in leaves:
        tree.add(one)
    return tree.root()


@given(
    st.one_of(
        st.binary(max_size=300),
        st.text(max_size=300),
        st.recursive(st.none() | st.integers(), st.lists).map(json.dumps),
    )
)
def test_whatever_is_no_proof_is_refused_in_words(junk: str | bytes) -> None:
    with pytest.raises(NotProved):
        check_proof(junk, [])


@given(st.dictionaries(st.text(), st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(), max_size=5))
def test_facts_come_through_json_as_they_were_hashed(facts: dict[str, Any]) -> None:
    event = {"kind": "k", "subject": "s", "by": "b", "place": "hub", "at": "2026", "facts": facts}
    assert leaf_hash(json.loads(json.dumps(event)), bytes(16)) == leaf_hash(event, bytes(16))


def test_the_command_says_proved_or_why_not(made: Proof, key: Proof, tmp_path: Path) -> None:
    (tmp_path / "proof.json").write_text(json.dumps(made))
    (tmp_path / "key.jwk").write_text(json.dumps(key))
    run = CliRunner().invoke
    good = run(front.main, ["check-proof", str(tmp_path / "proof.json"), "--key", str(tmp_path / "key.jwk")])
    assert good.exit_code == 0, good.output
    assert good.output.startswith("Proved: data.used of data-use:3")
    (tmp_path / "proof.json").write_text(json.dumps(made | {"leaf": 0}))
    bad = run(front.main, ["check-proof", str(tmp_path / "proof.json"), "--key", str(tmp_path / "key.jwk")])
    assert (bad.exit_code, bad.output.split(":")[0]) == (1, "Not proved")
    assert run(front.main, ["check-proof", str(tmp_path / "proof.json")]).exit_code == 2
    assert run(front.main, ["check-proof", str(tmp_path / "proof.json"), "--trust", str(tmp_path)]).exit_code == 2


def test_it_works_without_the_server(made: Proof, key: Proof, tmp_path: Path) -> None:
    """Whoever checks a proof needs this one file and `cryptography`: nothing of the house."""
    copied = tmp_path / "proof.py"
    copied.write_text((Path(front.__file__).parent / "yinxin/proof.py").read_text("utf-8"), "utf-8")
    program = "import json, sys, proof; said = json.load(sys.stdin); print(proof.check_proof(said[0], [said[1]]).leaf)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        input=json.dumps([made, key]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == str(made["leaf"]), done.stderr


def test_the_key_comes_from_a_trust_folder(house: House, made: Proof, now: datetime, tmp_path: Path) -> None:
    """As `yinxin trust fetch` makes it: the list is signed, and its signer is certified by the root."""
    (tmp_path / "trust-list.jwt").write_text(trust.trust_list(house, now))
    pem = b"".join(one.public_bytes(Encoding.PEM) for one in trust.anchors(house))
    (tmp_path / "roots.pem").write_bytes(pem)
    check_proof(made, keys_of(tmp_path, now))
    (tmp_path / "proof.json").write_text(json.dumps(made))
    told = CliRunner().invoke(front.main, ["check-proof", str(tmp_path / "proof.json"), "--trust", str(tmp_path)])
    assert told.exit_code == 0, told.output
    assert keys_of(tmp_path, now + timedelta(days=30)) == []  # an old list says nothing
