"""What is still missing in a sign-in, as a pure rule."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from idp.model.consent import Consent
from idp.model.flow import Asked, SignedIn, Step, acr, level_of, missing
from tests.idp.rp import department, public

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ASKED = Asked(client="c", redirect_uri="https://x.example", scopes=("openid", "profile"))
AGREED = Consent("p", "c", frozenset({"openid", "profile"}), NOW - timedelta(days=1))


def who(minutes_ago: float = 5, level: int = 2, subject: str = "s") -> SignedIn:
    return SignedIn("sid", "p", subject, level, ("pwd",), NOW - timedelta(minutes=minutes_ago))


def asking_for_the_number(level: int = 1) -> Asked:
    return Asked(**(vars(ASKED) | {"scopes": ("openid", "realname"), "level": level}))


CASES: list[tuple[str, Asked, SignedIn | None, Consent | None, tuple[Step, ...]]] = [
    ("nobody is there", ASKED, None, None, (Step.login,)),
    ("all is there", ASKED, who(), AGREED, ()),
    ("no consent", ASKED, who(), None, (Step.consent,)),
    ("level and consent", Asked(**(vars(ASKED) | {"level": 3})), who(), None, (Step.level, Step.consent)),
    ("the level is reached", Asked(**(vars(ASKED) | {"level": 2})), who(), AGREED, ()),
    ("max_age is over", Asked(**(vars(ASKED) | {"max_age": 299})), who(), AGREED, (Step.login,)),
    ("max_age is not over", Asked(**(vars(ASKED) | {"max_age": 300})), who(), AGREED, ()),
    ("max_age=0", Asked(**(vars(ASKED) | {"max_age": 0})), who(), AGREED, (Step.login,)),
    ("max_age=0, but just done", Asked(**(vars(ASKED) | {"max_age": 0})), who(-1), AGREED, ()),
    ("login is asked for", Asked(**(vars(ASKED) | {"prompt": frozenset({"login"})})), who(), AGREED, (Step.login,)),
    ("login was done", Asked(**(vars(ASKED) | {"prompt": frozenset({"login"})})), who(-1), AGREED, ()),
    (
        "consent is asked for",
        Asked(**(vars(ASKED) | {"prompt": frozenset({"consent"})})),
        who(),
        AGREED,
        (Step.consent,),
    ),
    ("somebody else", Asked(**(vars(ASKED) | {"hinted_subject": "other"})), who(), AGREED, (Step.login,)),
    ("somebody else, just now", Asked(**(vars(ASKED) | {"hinted_subject": "other"})), who(-1), AGREED, (Step.login,)),
    ("the hinted one", Asked(**(vars(ASKED) | {"hinted_subject": "s"})), who(), AGREED, ()),
]


@pytest.mark.parametrize(
    ("asked", "signed_in", "consent", "steps"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_only_what_is_missing_is_asked(
    asked: Asked, signed_in: SignedIn | None, consent: Consent | None, steps: tuple[Step, ...]
) -> None:
    assert missing(asked, NOW, department(), signed_in, consent, NOW) == steps


def test_a_client_that_cannot_prove_itself_is_agreed_to_each_time() -> None:
    assert missing(ASKED, NOW, public(), who(), AGREED, NOW) == (Step.consent,)
    just_now = Consent("p", "c", AGREED.scopes, NOW)
    assert missing(ASKED, NOW, public(), who(), just_now, NOW) == ()


@pytest.mark.parametrize(
    ("level", "more", "steps"),
    [
        (3, {}, (Step.level,)),  # known by a network identity alone
        (3, {"holder_keys": ("k",)}, ()),
        (3, {"acting_for": "91880101DEM000081U"}, ()),
        (1, {}, ()),  # has said nothing of himself: the service is told so
    ],
)
def test_who_has_no_number_is_asked_for_it_only_by_a_service_that_needs_it(
    level: int, more: dict[str, Any], steps: tuple[Step, ...]
) -> None:
    asked = asking_for_the_number()
    agreed = Consent("p", "c", frozenset(asked.scopes), NOW - timedelta(days=1))
    assert missing(asked, NOW, department(), replace(who(level=level), **more), agreed, NOW) == steps
    assert missing(ASKED, NOW, department(), replace(who(level=level), **more), AGREED, NOW) == ()


def test_levels_and_their_names_go_both_ways() -> None:
    assert [level_of(acr(level)) for level in (1, 2, 3, 4)] == [1, 2, 3, 4]
    assert level_of("urn:yinxin:loa:9") is None
    assert level_of("urn:other:loa:1") is None
