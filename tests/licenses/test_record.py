"""The record: one form, one digest, and nothing to guess from it."""

import hashlib
import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licenses import kinds, record
from tests.licenses.samples import BUSINESS, MARKET, NOW, SALT, SAMPLES, identifier, sample

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=4)
    ),
    max_leaves=12,
)


@pytest.mark.parametrize("slug", SAMPLES)
def test_the_same_license_gives_the_same_bytes_and_their_digest(slug: str) -> None:
    made = sample(slug)
    assert made == sample(slug)
    assert made.digest == hashlib.sha256(made.json).digest()
    assert made.data["extendedInformation"] == SAMPLES[slug][0]


def test_it_uses_the_names_of_the_national_metadata() -> None:
    data = sample("business-license").data
    assert data["certificateIdentifier"] == "2.999.11880000DEM000014J001.11880100DEM000049A.20260000307.001.0"
    assert data["certificateNumber"] == data["holderCode"] == "91880101DEM000081U"
    assert (data["holderCodeType"], data["holderName"]) == ("001", "望舒示范餐饮有限公司")
    assert (data["areaCode"], data["issueDate"], data["issuedAt"]) == ("880100", "2026-11-22", "2026-11-22T02:30:00Z")
    assert (data["validUntil"], data["validityText"]) == (None, "2026年11月22日至长期")
    assert sample("residence-permit").data["validityText"] == "2026年11月22日至2027年11月21日"
    assert (data["trustGrade"], data["testEdition"], data["schema"]) == ("A", True, "urn:yinxin:license-record:1")


def test_the_issue_date_is_a_day_in_china() -> None:
    kind = kinds.named("business-license")
    late = NOW.replace(hour=17)
    made = record.make(
        kind,
        identifier(kind, MARKET),
        BUSINESS,
        issuer=MARKET,
        issued=late,
        valid_from=date(2026, 11, 23),
        valid_until=None,
        salt=SALT,
    )
    assert (made.data["issueDate"], made.data["issuedAt"]) == ("2026-11-23", "2026-11-22T17:30:00Z")


def test_a_correction_names_what_it_replaces() -> None:
    kind = kinds.named("business-license")
    first = identifier(kind, MARKET)
    made = record.make(
        kind,
        first.corrected(),
        BUSINESS,
        issuer=MARKET,
        issued=NOW,
        valid_from=date(2026, 11, 22),
        valid_until=None,
        salt=SALT,
        predecessor=first,
    )
    assert made.data["predecessorIdentifier"] == str(first)
    assert made.data["certificateVersion"] == "002"


def test_without_its_salt_the_digest_cannot_be_guessed() -> None:
    kind = kinds.named("business-license")
    with pytest.raises(ValueError, match="salt"):
        record.make(
            kind,
            identifier(kind, MARKET),
            BUSINESS,
            issuer=MARKET,
            issued=NOW,
            valid_from=date(2026, 11, 22),
            valid_until=None,
            salt=b"",
        )


@given(plain)
def test_the_canonical_form_loses_nothing_and_is_stable(value: object) -> None:
    text = record.canonical(value)
    assert json.loads(text) == value
    assert record.canonical(json.loads(text)) == text


def test_it_is_the_form_of_the_published_example() -> None:
    """RFC 8785 3.2.3: keys in the order of their UTF-16 units; 3.2.2.2: strings escaped as ECMAScript does."""
    keys = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\u0080": 6, "\u00f6": 7}
    ordered = '{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\U0001f600":5,"\ufb33":3}'
    escaped = '["\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/",true,null,{},1]'
    assert record.canonical(keys).decode() == ordered
    assert record.canonical(['\u20ac$\u000f\nA\'B"\\\\"/', True, None, {}, 1]).decode() == escaped


@pytest.mark.parametrize("value", [0.5, 2**53, float("nan"), b"x", {1: "a"}, {"a": {"b": object()}}])
def test_what_other_readers_might_read_differently_is_refused(value: object) -> None:
    with pytest.raises((TypeError, AttributeError)):
        record.canonical(value)
