"""What a seal works with: only while it is in force, with fresh evidence, and never stopped by evidence that is missing."""

from dataclasses import replace
from datetime import timedelta

import pytest
from asn1crypto import ocsp, tsp

from certs import status, timestamp
from certs.model import NoAuthority, Reason
from hub.keys import KeyMissing
from seals import lifecycle, material, sealing
from seals.model import Level, SealingFailed, SealNotInForce
from tests.seals import judge
from tests.seals.conftest import PLACE, Office
from tests.seals.paper import page


def test_the_chain_ends_below_the_root_and_begins_with_the_seals_certificate(bureau: Office) -> None:
    material_, _ = bureau.material()
    assert len(material_.chain) == 2
    assert material_.label.startswith(bureau.seal.design.name)


def test_evidence_is_about_this_seal_and_of_now(bureau: Office) -> None:
    _, evidence = bureau.material()
    (answer,) = evidence.ocsps
    (single,) = ocsp.OCSPResponse.load(answer).response_data["responses"]
    assert single["cert_status"].name == "good"
    assert f"{single['cert_id']['serial_number'].native:040x}" == bureau.seal.certificate
    assert evidence.missing == ()
    assert len(evidence.crls) == 1
    assert evidence.stamp is not None
    token = tsp.ContentInfo.load(evidence.stamp(bytes(32)))
    made = token["content"]["encap_content_info"]["content"].parsed["gen_time"].native
    assert abs(made - bureau.now) < timedelta(seconds=2)


def test_revocation_data_are_asked_for_once_a_minute(office: Office) -> None:
    _, first = material.for_seal(office.house, office.seal, office.now)
    _, same = material.for_seal(office.house, office.seal, office.now + timedelta(seconds=59))
    _, fresh = material.for_seal(office.house, office.seal, office.now + timedelta(seconds=61))
    assert same.ocsps == first.ocsps
    assert same.at == first.at + timedelta(seconds=59), "the time of sealing is never that of the evidence"
    assert fresh.ocsps != first.ocsps


@pytest.mark.parametrize("step", [lifecycle.suspend, lifecycle.cancel], ids=lambda step: step.__name__)
def test_a_seal_that_is_not_in_force_gets_no_material(office: Office, step: object) -> None:
    cause = {"cause": Reason.cessation_of_operation} if step is lifecycle.cancel else {}
    ended = step(office.house, office.seal.id, reason="x", by="owner", now=office.now, **cause)  # type: ignore[operator]
    with pytest.raises(SealNotInForce):
        material.for_seal(office.house, ended, office.now)


def test_a_revoked_certificate_stops_the_seal_whatever_its_row_says(office: Office) -> None:
    office.material()
    asked = {"cause": Reason.key_compromise, "reason": "x", "by": "owner", "now": office.now}
    lifecycle.cancel(office.house, office.seal.id, **asked)  # type: ignore[arg-type]
    with pytest.raises(SealNotInForce):
        material.for_seal(office.house, office.seal, office.now + timedelta(seconds=1))  # the row as read before


def broken(*_: object) -> bytes:
    raise NoAuthority("down")


def test_no_evidence_at_all_still_gives_a_document(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in ((status, "ocsp_for"), (status, "list_of"), (timestamp, "token")):
        monkeypatch.setattr(module, name, broken)
    with_what, evidence = office.material()
    assert evidence.missing == ("ocsp", "crl")
    done = sealing.seal_once(sealing.prepare(page(), with_what, office.reserve(bytes(32)), PLACE, evidence))
    assert (done.level, done.missing) == (Level.bare, ("ocsp", "crl", "time-stamp"))
    assert judge.is_canonical(done.pdf, with_what)
    monkeypatch.undo()
    assert office.material()[1].missing == (), "a failure is not remembered"


def test_a_missing_key_is_a_refusal_not_a_crash(office: Office) -> None:
    gone = replace(office.seal, key_name="seal-gone")
    with pytest.raises(KeyMissing):
        material.for_seal(office.house, gone, office.now)


def test_a_key_that_does_not_belong_to_the_certificate_is_not_used(office: Office) -> None:
    office.house.keys.create("seal-other", purpose="seal")
    with pytest.raises(SealingFailed):
        material.for_seal(office.house, replace(office.seal, key_name="seal-other"), office.now)


def test_a_private_half_that_is_gone_loses_the_ticket_and_nothing_else(office: Office) -> None:
    (office.house.keys.folder / f"{office.seal.key_name}.pem").unlink()
    with_what, evidence = office.material()
    reserved = office.reserve(bytes(32))
    with pytest.raises(KeyMissing):
        sealing.seal_once(sealing.prepare(page(), with_what, reserved, PLACE, evidence))
    assert office.reserve(bytes(32)) == reserved
