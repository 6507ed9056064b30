"""Any k of n shares give the secret back; fewer say nothing; a wrong character is noticed."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certs import shares
from certs.model import ShareWrong

SECRET = bytes(range(32))


def test_every_three_of_five_give_it_back_in_any_order() -> None:
    made = shares.split(SECRET, 3, 5)
    for some in combinations(made, 3):
        assert shares.restore(some) == SECRET
        assert shares.restore(reversed(some)) == SECRET
    assert shares.restore(made) == SECRET, "more than are needed do no harm"


def test_two_of_five_are_not_enough(made: list[str]) -> None:
    for some in combinations(made, 2):
        with pytest.raises(ShareWrong):
            shares.restore(some)
    with pytest.raises(ShareWrong, match="3 different"):
        shares.restore([made[0], made[0], made[1]])


def test_too_few_points_fit_every_secret() -> None:
    """Of two points alone, any octet can be the third polynomial's value at zero: that is why fewer say nothing."""
    points = [(1, 17), (2, 200)]
    assert {shares._zero([*points, (3, y)]) for y in range(256)} == set(range(256))


@given(st.binary(min_size=16, max_size=64), st.integers(2, 6), st.integers(0, 4), st.randoms())
def test_every_secret_comes_back(secret: bytes, needed: int, more: int, chance: object) -> None:
    made = shares.split(secret, needed, needed + more)
    some = made[more:]
    assert shares.restore(some) == secret
    assert shares.restore(line.upper().replace(" ", "").replace("-", "  ") for line in some) == secret


@given(st.integers(0, 200), st.sampled_from("0123456789abcdef"))
def test_a_wrong_character_is_noticed(at: int, other: str) -> None:
    line = LINES[1]
    at %= len(line)
    if line[at] in {other, " ", "-"}:
        return
    broken = line[:at] + other + line[at + 1 :]
    assert not shares.is_share(broken)
    with pytest.raises(ShareWrong):
        shares.restore([LINES[0], broken, LINES[2]])


def test_shares_of_two_secrets_do_not_mix() -> None:
    other = shares.split(bytes(32), 3, 5)
    with pytest.raises(ShareWrong, match="belong together"):
        shares.restore([LINES[0], LINES[1], other[2]])


@pytest.mark.parametrize("lines", [[], [""], ["yx1"], ["x" * 100, "y" * 100], ["yx1-" + "0" * 92]])
def test_what_is_no_share(lines: list[str]) -> None:
    with pytest.raises(ShareWrong):
        shares.restore(lines)


@pytest.mark.parametrize(("needed", "of"), [(1, 5), (6, 5), (0, 0), (2, 17)])
def test_what_is_no_way_to_share(needed: int, of: int) -> None:
    with pytest.raises(ShareWrong):
        shares.split(SECRET, needed, of)


def test_the_field_is_that_of_aes() -> None:
    assert shares._times(0x57, 0x83) == 0xC1  # FIPS 197 4.2
    assert all(shares._times(a, shares._inverse(a)) == 1 for a in range(1, 256))


LINES = shares.split(SECRET, 3, 5)


@pytest.fixture
def made() -> list[str]:
    """Three of five."""
    return LINES
