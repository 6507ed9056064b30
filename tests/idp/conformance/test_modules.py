"""Every module of the OP plans is played, or listed with the reason why not."""

import pytest

from tests.idp.conformance import basic, dynamic, fapi2, fapi2_tokens, logout
from tests.idp.conformance.plans import BASIC, NOT_PLAYED, PLANS
from tests.idp.conformance.suite import PLAYED, Op, Play
from tests.idp.rp import Visits

PARTS = (basic, dynamic, fapi2, fapi2_tokens, logout)  # importing them enters their modules
ALIKE = {"oidcc-request-uri-unsigned", "oidcc-ensure-request-object-with-redirect-uri"}


@pytest.mark.parametrize("name", sorted(PLAYED))
def test_module(name: str, visits: Visits) -> None:
    _plays(name, visits, form_post=False)


@pytest.mark.parametrize("name", [name for name in BASIC if name not in ALIKE])
def test_module_by_form_post(name: str, visits: Visits) -> None:
    _plays(name, visits, form_post=True)


_DONE: dict[tuple[Play, bool], Exception | None] = {}  # several modules may be played by one function: once is enough


def _plays(name: str, visits: Visits, *, form_post: bool) -> None:
    key = (PLAYED[name], form_post)
    if key not in _DONE:
        _DONE[key] = None
        try:
            PLAYED[name](Op(visits, form_post=form_post))
        except Exception as error:
            _DONE[key] = error
            raise
    if problem := _DONE[key]:
        raise AssertionError(f"as {PLAYED[name].__name__} before") from problem


def test_no_module_is_forgotten() -> None:
    wanted = {name for plan in PLANS.values() for name in plan}
    assert not wanted - set(PLAYED)
    assert not set(PLAYED) - wanted
    assert not wanted & set(NOT_PLAYED)
    assert all(NOT_PLAYED.values())
