"""What you see is what you confirm: one person's own passkey, over one document, seal and place, once, checkable for ever."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cbor2
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from hub import asked, clock, ledger
from hub.asked import Asked, NotConfirmed
from tests.idp.citizen import Authenticator, Citizen, b64, options, unb64
from tests.idp.test_passkey import with_passkey

DIGEST = hashlib.sha256(b"the use of a seal").digest()
FILE = hashlib.sha256(b"a document").hexdigest()


def put(citizen: Citizen, person: str = "", digest: bytes = DIGEST) -> Asked:
    words = (("Name of the document", "决定书.pdf"), ("Digest of the document (SHA-256)", FILE))
    with citizen.house.database.write() as db:
        return asked.ask(
            db,
            person or citizen.person,
            purpose="seal:s1",
            digest=digest,
            words=words,
            back="/console/documents/d1",
            by="person:clerk",
            now=clock.now(),
        )


def kept(citizen: Citizen, one: Asked) -> Asked:
    with citizen.house.database.read() as db:
        found = asked.one(db, one.id)
    assert found
    return found


def answers(citizen: Citizen, one: Asked, answer: str) -> Any:
    path = f"/account/confirm/{one.id}"
    return citizen.send(citizen.get(path), path, answer=answer)


def confirms(citizen: Citizen, device: Authenticator, one: Asked) -> Any:
    return answers(citizen, one, device.get(options(citizen.get(f"/account/confirm/{one.id}"))))


def stranger_checks(one: Asked) -> None:
    """What docs/trust/documents.md says, with nothing of ours but the row. Raises what does not hold."""
    evidence = one.evidence or {}
    client = json.loads(unb64(evidence["clientDataJSON"]))
    assert client["type"] == "webauthn.get"
    assert client["origin"] == evidence["origin"]
    assert unb64(client["challenge"]) == one.challenge
    data = unb64(evidence["authenticatorData"])
    assert data[:32] == hashlib.sha256(evidence["rp"].encode()).digest()
    assert data[32] & 0x05 == 0x05, "present, and verified by the device"
    cose = cbor2.loads(unb64(evidence["publicKey"]))
    numbers = ec.EllipticCurvePublicNumbers(
        int.from_bytes(cose[-2], "big"), int.from_bytes(cose[-3], "big"), ec.SECP256R1()
    )
    signed = data + hashlib.sha256(unb64(evidence["clientDataJSON"])).digest()
    numbers.public_key().verify(unb64(evidence["signature"]), signed, ec.ECDSA(hashes.SHA256()))


def test_the_page_shows_what_it_is_and_the_passkey_signs_just_that(citizen: Citizen) -> None:
    device = with_passkey(citizen)
    one = put(citizen)
    page = citizen.get(f"/account/confirm/{one.id}")
    assert "决定书.pdf" in page.text
    assert " ".join(FILE[at : at + 4] for at in range(0, 64, 4)) in page.text
    given = options(page)
    assert unb64(given["challenge"]) == one.challenge
    assert [known["id"] for known in given["allowCredentials"]] == [b64(device.id)]
    assert given["userVerification"] == "required"
    assert confirms(citizen, device, one).status_code == 303
    done = kept(citizen, one)
    assert done.answered
    stranger_checks(done)
    page = citizen.get(f"/account/confirm/{one.id}")
    assert "data-options" not in page.text
    assert "/console/documents/d1" in page.text
    with citizen.house.database.read() as db:
        (event,) = ledger.events(db, subject=one.id)
    assert (event.kind, event.facts["digest"]) == ("confirmation.given", DIGEST.hex())


def test_a_stranger_finds_every_change_of_what_was_confirmed(citizen: Citizen) -> None:
    device = with_passkey(citizen)
    one = put(citizen)
    confirms(citizen, device, one)
    done = kept(citizen, one)
    evidence = done.evidence or {}
    for other in (
        replace(done, digest=bytes(32)),
        replace(done, purpose="seal:s2"),
        replace(done, person="somebody else"),
        replace(done, words=(("Name of the document", "other.pdf"), *done.words[1:])),
        replace(done, evidence=evidence | {"signature": b64(unb64(evidence["signature"])[:-1] + b"\0")}),
        replace(done, evidence=evidence | {"publicKey": b64(unb64(evidence["publicKey"])[:-1] + b"\1")}),
    ):
        with pytest.raises((AssertionError, InvalidSignature, ValueError)):
            stranger_checks(other)


def test_an_answer_is_for_one_question_alone(citizen: Citizen) -> None:
    """Replayed for another document, or for the same one asked again, it opens nothing."""
    device = with_passkey(citizen)
    first, same, other = put(citizen), put(citizen), put(citizen, digest=bytes(32))
    answer = device.get(options(citizen.get(f"/account/confirm/{first.id}")))
    for one in (same, other):
        assert answers(citizen, one, answer).status_code == 401
        assert kept(citizen, one).answered is None
    assert answers(citizen, first, answer).status_code == 303
    again = answers(citizen, first, answer)
    assert again.status_code == 403
    assert "confirmed already" in again.text


def test_another_person_neither_sees_nor_answers_it(citizen: Citizen) -> None:
    device = with_passkey(citizen)
    one = put(citizen, person="somebody-else")
    assert citizen.get(f"/account/confirm/{one.id}").status_code == 404
    mine = put(citizen)
    stranger = Authenticator()
    answer = stranger.get(options(citizen.get(f"/account/confirm/{mine.id}")))
    assert answers(citizen, mine, answer).status_code == 401, "a passkey that is not known"
    form = citizen.get(f"/account/confirm/{mine.id}")
    signed = device.get({"challenge": b64(one.challenge)})
    assert citizen.send(form, f"/account/confirm/{one.id}", answer=signed).status_code == 404
    assert kept(citizen, one).answered is None


def test_a_passkey_of_another_account_confirms_nothing(citizen: Citizen) -> None:
    theirs = with_passkey(citizen)
    mine = Citizen(citizen.house, citizen.app, citizen.register)
    mine.account = "yi.shili"
    mine.registers()
    device = Authenticator()
    page = mine.get("/account/passkey")
    mine.send(page, "/account/passkey", answer=device.create(options(page)), label="my phone")
    one = put(mine)
    assert answers(mine, one, theirs.get({"challenge": b64(one.challenge)})).status_code == 401
    assert kept(mine, one).answered is None


FORGERIES: dict[str, Callable[[Authenticator], None]] = {
    "another origin": lambda device: setattr(device, "origin", "https://evil.example"),
    "another site": lambda device: setattr(device, "rp_id", "evil.example"),
    "not verified": lambda device: setattr(device, "verified", False),
}


@pytest.mark.parametrize("forgery", list(FORGERIES))
def test_a_forged_answer_confirms_nothing(citizen: Citizen, forgery: str) -> None:
    device = with_passkey(citizen)
    FORGERIES[forgery](device)
    one = put(citizen)
    assert confirms(citizen, device, one).status_code == 401
    assert answers(citizen, one, "{}").status_code == 401
    assert kept(citizen, one).answered is None


def test_too_late_is_too_late(citizen: Citizen) -> None:
    device = with_passkey(citizen)
    one = put(citizen)
    answer = device.get({"challenge": b64(one.challenge)})
    form = citizen.get(f"/account/confirm/{one.id}")
    with clock.shifted(asked.OPEN.total_seconds() + 1):
        refused = citizen.send(form, f"/account/confirm/{one.id}", answer=answer)
    assert refused.status_code != 303
    assert kept(citizen, one).answered is None


def test_without_a_passkey_the_way_to_one_is_shown(citizen: Citizen) -> None:
    citizen.registers()
    page = citizen.get(f"/account/confirm/{put(citizen).id}")
    assert "no passkey yet" in page.text
    assert "/account/passkey" in page.text


def test_it_is_taken_once(citizen: Citizen) -> None:
    device = with_passkey(citizen)
    one = put(citizen)
    confirms(citizen, device, one)
    with citizen.house.database.write() as db:
        assert asked.take(db, one.id, purpose="seal:s1", digest=DIGEST, now=clock.now()).person == citizen.person
    with pytest.raises(NotConfirmed, match="used already"), citizen.house.database.write() as db:
        asked.take(db, one.id, purpose="seal:s1", digest=DIGEST, now=clock.now())
