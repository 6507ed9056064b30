"""The plan of a ceremony: what it must say, and what it may not."""

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from certs import plan
from certs.model import LegalPerson, PlanWrong
from hub.problems import Problem
from hub.settings import Settings

HUB = LegalPerson("11880000DEM000014J", "示范全国枢纽")
PEOPLE = ("李明", "王芳")


def standing(settings: Settings) -> str:
    return plan.standing(settings, HUB, PEOPLE, 3, 5)


def test_the_standing_plan_can_be_read_and_makes_every_post(settings: Settings) -> None:
    read = plan.read(standing(settings).encode())
    assert {step["profile"] for step in read.steps if step.do == "certify"} == {name for name, _ in plan.POSTS}
    assert read.steps[0].do == "split"
    assert [(one.name, one.role) for one in read.people] == list(zip(PEOPLE, plan.ROLES, strict=True))
    assert read.organisation == HUB
    assert len(read.digest) == 64


def test_another_octet_is_another_plan(settings: Settings) -> None:
    text = standing(settings).encode()
    assert plan.read(text).digest != plan.read(text + b"\n").digest


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"people": [{"name": "李明", "role": "administrator"}]},
        {"people": [{"name": "李明", "role": "administrator"}, {"name": "李 明", "role": "witness"}]},
        {"people": [{"name": "Li Ming", "role": "administrator"}, {"name": "ＬＩ ming ", "role": "witness"}]},
        {"people": [{"name": "李明", "role": "witness"}, {"name": "王芳", "role": "witness"}]},
        {"people": [{"name": " ", "role": "administrator"}, {"name": "王芳", "role": "witness"}]},
        {"shares": {"needed": 6, "of": 5}},
        {"shares": {"needed": 1, "of": 5}},
        {"shares": {"needed": "3", "of": 5}},
        {"organisation": {"code": "123", "name": "x"}},
        {"extra": 1},
        {"steps": []},
        {"steps": [{"do": "dance"}]},
        {"steps": [{"do": "split", "key": "issuing-ca"}]},
        {"steps": [{"do": "split"}]},
        {"steps": [{"do": "sign-list", "of": "e-seal"}]},
        {"steps": [{"do": "sign-list", "of": "root"}, {"do": "sign-list", "of": "root"}]},
        {"steps": [{"do": "roll", "name": "issuing-ca", "to": 1}]},
        {"steps": [{"do": "roll", "name": "nobody", "to": 2}]},
        {"steps": [{"do": "certify", "key": "tsa", "profile": "time-stamp", "common_name": "x"}]},
        {"steps": [{"do": "make-key", "key": "tsa", "profile": "time-stamp", "algorithm": "RSA-3072"}]},
        {"steps": [{"do": "make-key", "key": "../tsa", "profile": "time-stamp", "algorithm": "P-256"}]},
        {"steps": [{"do": "make-key", "key": "root-tsa", "profile": "time-stamp", "algorithm": "P-256"}]},
        {"steps": [{"do": "make-key", "key": "ca", "profile": "root", "algorithm": "P-384"}]},
        {"steps": [{"do": "make-key", "key": "seal-1", "profile": "e-seal", "algorithm": "P-256"}]},
        {"steps": [{"do": "make-key", "key": "x", "profile": "nothing", "algorithm": "P-256"}]},
    ],
    ids=lambda change: "-".join(f"{name}{str(value)[:60]}" for name, value in change.items()),
)
def test_a_plan_that_cannot_be_carried_out(settings: Settings, change: dict[str, Any]) -> None:
    whole = yaml.safe_load(standing(settings)) | change
    with pytest.raises(Problem) as refused:
        plan.read(yaml.safe_dump(whole, allow_unicode=True).encode())
    assert refused.value.status in {404, 422}


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"- 1",
        b"a: [",
        b"\xff\xfe",
        b"version: 1\nversion: 1\n",
        b"a: &x 1\nb: *x\n",
        b"a: !!python/object/apply:os.system [true]",
        b"[" * 5000,
        b"#" * 70_000,
        b"? [1, 2]\n: 3\n",
    ],
    ids=["empty", "list", "torn", "bytes", "twice", "reference", "object", "deep", "long", "odd-key"],
)
def test_what_is_no_plan(text: bytes) -> None:
    with pytest.raises(PlanWrong):
        plan.read(text)


@given(st.binary(max_size=300))
def test_whatever_comes_is_read_or_refused(text: bytes) -> None:
    with pytest.raises(PlanWrong):
        plan.read(text)
