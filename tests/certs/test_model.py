from datetime import UTC, datetime, timedelta

import pytest

from certs.model import (
    PROFILES,
    AlreadyRevoked,
    Certificate,
    CertificateUnknown,
    LegalPerson,
    ProfileUnknown,
    Reason,
    ReasonWrong,
    SubjectWrong,
    profile,
    serial_of,
)

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def certificate(profile_name: str = "e-seal") -> Certificate:
    since, until = NOW - timedelta(days=1), NOW + timedelta(days=2000)
    return Certificate("4" + "0" * 39, profile_name, "issuing-ca", "x", "y", "", b"", since, until)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("11880100DEM000049", "栖云市市场监管局"),
        ("11880100DEM000049a", "栖云市市场监管局"),
        ("11880100DEI000049A", "栖云市市场监管局"),
        ("11880100DEM000049A", ""),
        ("11880100DEM000049A", " 栖云市市场监管局"),
        ("11880100DEM000049A", "栖云市\u202e市场监管局"),
        ("11880100DEM000049A", "栖云市\n市场监管局"),
        ("11880100DEM000049A", "栖" * 65),
    ],
    ids=["short", "lower-case", "letter-i", "no-name", "space", "bidi-override", "line-break", "too-long"],
)
def test_a_subject_that_must_not_be_certified(code: str, name: str) -> None:
    with pytest.raises(SubjectWrong):
        LegalPerson(code, name)


def test_a_legal_person_is_named_by_country_and_register() -> None:
    assert LegalPerson("11880100DEM000049A", "栖云市市场监管局").identifier == "NTRCN-11880100DEM000049A"


def test_there_is_no_other_profile() -> None:
    with pytest.raises(ProfileUnknown):
        profile("web-server")


def test_every_profile_has_an_issuer_that_is_a_ca_and_at_most_one_purpose() -> None:
    for each in PROFILES.values():
        assert profile(each.issuer).is_ca
        assert len(each.purposes) <= 1


def test_a_certificate_ends_once() -> None:
    ended = certificate().revoked(Reason.key_compromise, NOW)
    assert not ended.valid_at(NOW)
    assert ended.valid_at(NOW - timedelta(seconds=1))
    with pytest.raises(AlreadyRevoked):
        ended.revoked(Reason.superseded, NOW)


def test_a_root_cannot_revoke_itself() -> None:
    with pytest.raises(ReasonWrong):
        certificate("root").revoked(Reason.key_compromise, NOW)


def test_only_a_ca_has_a_ca_compromise() -> None:
    with pytest.raises(ReasonWrong):
        certificate().revoked(Reason.ca_compromise, NOW)
    assert certificate("issuing-ca").revoked(Reason.ca_compromise, NOW).revocation


def test_a_key_cannot_have_been_lost_in_the_future() -> None:
    with pytest.raises(ReasonWrong):
        certificate().revoked(Reason.key_compromise, NOW, NOW + timedelta(seconds=1))


def test_a_time_stamp_key_stops_signing_before_its_certificate_ends() -> None:
    unit = certificate("time-stamp")
    assert unit.signs_at(NOW)
    later = NOW + timedelta(days=1500)
    assert unit.valid_at(later)
    assert not unit.signs_at(later)


def test_serial_numbers_are_read_as_people_write_them() -> None:
    assert serial_of(" 0A:1b ") == "0" * 36 + "0a1b"


@pytest.mark.parametrize("wrong", ["", "xyz", "1" * 41, "-1", "0x10"])
def test_what_is_no_serial_number(wrong: str) -> None:
    with pytest.raises(CertificateUnknown):
        serial_of(wrong)
