"""Logs tell what happened, never who it was or what opens the door."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from hub import log

SECRETS = {
    "access token": "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJlc2lnbmF0dXJl",
    "opaque token": "Qx7Zb1kP0sTn4Lw9Vd3RfYh6Jm2Gc8EuAiXoK5rNqWs",
    "citizen's number": "880102199003070011",
    "citizen's number with X": "88010219900307001X",
    "foreigner's number": "FRA110101199001",
    "mobile": "13800138000",
    "mobile abroad": "+86 13800138000",
    "e-mail": "zhang.san@mail.example",
    "password of an address": "s3cr3t-of-the-database",
    "key": "MHcCAQEEIIrYSSNQFaA2Hwf1duRSxKtLYX5CB04fSeQ6tF1aY",
    "code": "SplxlOBeZQQYbYS6WxSbIA",
}
LINES = [
    "the token is {access token}",
    "Authorization: Bearer {opaque token}",
    "who: {citizen's number}, or {citizen's number with X}; {foreigner's number}",
    "call {mobile} or {mobile abroad} or write to {e-mail}",
    "postgresql://yinxin:{password of an address}@db/yinxin",
    "-----BEGIN EC PRIVATE KEY-----\n{key}\n-----END EC PRIVATE KEY-----",
    "GET /wallet/callback?state=abc&code={code} HTTP/1.1",
    "cookie={opaque token}",
]


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Iterator[Any]:
    before = logging.getLogger().handlers[:], structlog.get_config()
    yield lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    logging.getLogger().handlers[:] = before[0]
    structlog.configure(**before[1])


def filled(line: str) -> str:
    for name, value in SECRETS.items():
        line = line.replace("{" + name + "}", value)
    return line


def fail(text: str) -> None:
    try:
        raise ValueError(text)  # noqa: TRY301  a cause is wanted
    except ValueError as error:
        raise RuntimeError("outer " + text) from error


def nothing_secret(text: str) -> None:
    for name, value in SECRETS.items():
        assert value not in text, name


@pytest.mark.parametrize("line", LINES)
def test_no_secret_is_logged_wherever_it_stands(lines: Any, line: str) -> None:
    log.setup(json=True)
    told = structlog.get_logger("room")
    text = filled(line)
    told.info(text)
    told.info(
        "event", detail=text, nested={"deep": [text, {"deeper": (text,)}]}, thing=Exception(text), raw=text.encode()
    )
    logging.getLogger("library").warning("it said %s", text, extra={"more": text})
    try:
        fail(text)
    except RuntimeError:
        told.exception("bug")
        logging.getLogger("library").exception("failed")
    written = lines()
    assert len(written) == 5
    nothing_secret(json.dumps(written, ensure_ascii=False))
    assert log.HIDDEN in json.dumps(written)


@pytest.mark.parametrize(
    "key", ["password", "new_password", "refresh_token", "Set-Cookie", "name", "phone", "id_number"]
)
def test_nothing_is_logged_under_a_private_name(lines: Any, key: str) -> None:
    log.setup(json=True)
    structlog.get_logger("room").info("event", **{key: "张三"}, facts={key: ["张三"]})
    assert "张三" not in json.dumps(lines(), ensure_ascii=False)


def test_a_number_is_hidden_also_as_a_number(lines: Any) -> None:
    log.setup(json=True)
    structlog.get_logger("room").info("event", phone_of=1, thing=880102199003070011, other=13800138000, small=42)
    (line,) = lines()
    assert (line["thing"], line["other"], line["small"]) == (log.HIDDEN, log.HIDDEN, 42)


def test_what_operators_need_stays(lines: Any) -> None:
    log.setup(json=True)
    facts = {
        "license": "11880100DEM000049A-0300-7",
        "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "request": "4f1d2c3b4a5e6f70",
        "client": "qiyun-market-regulation",
        "seconds": 0.25,
        "status": 503,
        "ok": True,
        "none": None,
    }
    structlog.get_logger("room").info("license.issued", **facts)
    (line,) = lines()
    assert facts.items() <= line.items()
    assert (line["event"], line["level"], line["logger"]) == ("license.issued", "info", "room")
    assert line["at"].endswith("+00:00")


def test_one_request_is_one_thread_of_lines(lines: Any) -> None:
    log.setup(json=True)
    with structlog.contextvars.bound_contextvars(request="r-1"):
        structlog.get_logger("room").info("one")
        logging.getLogger("library").warning("two")
    assert [line["request"] for line in lines()] == ["r-1", "r-1"]


def test_people_may_read_plain_lines(capsys: pytest.CaptureFixture[str], lines: Any) -> None:
    log.setup(json=False)
    structlog.get_logger("room").info("license.issued", detail=SECRETS["access token"])
    text = capsys.readouterr().err
    assert "license.issued" in text
    nothing_secret(text)


@given(before=st.text(max_size=20), after=st.text(max_size=20))
def test_a_token_is_found_between_any_texts(before: str, after: str) -> None:
    assert SECRETS["access token"] not in log.cleaned(before + SECRETS["access token"] + after)


@given(st.text())
def test_any_text_can_be_cleaned(text: str) -> None:
    assert isinstance(log.cleaned(text), str)
