"""Where outgoing calls may go: a list of refusals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.addresses import AddressRefused, Allowed, may_connect

PUBLIC = ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"]
PRIVATE = [
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "127.0.0.1",
    "::1",
    "fd00::1",
    "::ffff:10.0.0.1",
    "::ffff:127.0.0.1",
]
PRIVATE += [
    "64:ff9b::10.0.0.1",
    "64:ff9b::127.0.0.1",
    "2002:0a00:0001::",
    "2002:7f00:0001::",
    "192.0.2.1",
    "198.18.0.1",
]
NEVER = ["169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::169.254.169.254", "fe80::1", "fe80::1%eth0", "0.0.0.0"]
NEVER += ["::", "224.0.0.1", "239.1.1.1", "ff02::1", "2002:a9fe:a9fe::"]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_open(address: str) -> None:
    assert may_connect(address, named=False)
    assert may_connect(address, named=True)


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_need_a_name_on_the_list(address: str) -> None:
    assert not may_connect(address, named=False)
    assert may_connect(address, named=True)


@pytest.mark.parametrize("address", NEVER)
def test_link_local_and_multicast_are_never_called(address: str) -> None:
    """169.254.169.254 gives cloud credentials to whoever asks."""
    assert not may_connect(address, named=False)
    assert not may_connect(address, named=True)


@pytest.mark.parametrize("address", ["100.64.0.1", "240.0.0.1", "255.255.255.255"])
def test_reserved_and_carrier_addresses_are_not_public(address: str) -> None:
    assert not may_connect(address, named=False)


@pytest.mark.parametrize(
    ("entry", "host", "port", "named"),
    [
        ("id.gov.example", "id.gov.example", 443, True),
        ("id.gov.example", "ID.GOV.EXAMPLE.", 443, True),
        ("id.gov.example", "id.gov.example", 8443, True),
        ("id.gov.example:443", "id.gov.example", 8443, False),
        (".gov.example", "a.b.gov.example", 443, True),
        (".gov.example", "gov.example", 443, False),
        (".gov.example", "evilgov.example", 443, False),
        ("gov.example", "a.gov.example", 443, False),
        ("localhost:8002", "localhost", 8003, False),
        ("", "", 80, False),
        (".", "example", 80, False),
    ],
)
def test_entries_name_hosts_exactly(entry: str, host: str, port: int, *, named: bool) -> None:
    assert Allowed.of([entry]).named(host, port) is named


def test_a_star_opens_public_addresses_only() -> None:
    allowed = Allowed.of(["*"])
    assert allowed.addresses("a.example", 80, lambda *_: ["8.8.8.8"]) == ["8.8.8.8"]
    with pytest.raises(AddressRefused):
        allowed.addresses("a.example", 80, lambda *_: ["10.0.0.1"])


def test_one_bad_address_among_good_ones_refuses_the_host() -> None:
    with pytest.raises(AddressRefused):
        Allowed.of(["*"]).addresses("a.example", 80, lambda *_: ["8.8.8.8", "127.0.0.1"])


def test_an_unlisted_host_is_not_even_resolved() -> None:
    def never(host: str, port: int) -> list[str]:
        raise AssertionError

    with pytest.raises(AddressRefused):
        Allowed.of(["a.example"]).addresses("b.example", 80, never)


@given(st.ip_addresses())
def test_every_address_has_an_answer(address: object) -> None:
    assert may_connect(str(address), named=False) <= may_connect(str(address), named=True)


@given(st.ip_addresses(v=4, network="10.0.0.0/8") | st.ip_addresses(v=4, network="169.254.0.0/16"))
def test_no_dress_hides_a_private_address(address: object) -> None:
    for dress in (f"{address}", f"::ffff:{address}", f"64:ff9b::{address}"):
        assert not may_connect(dress, named=False)
