"""`yinxin lint-rp` finds each lie that a site believes, and finds nothing at a site that believes none."""

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import Thread
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from werkzeug.serving import make_server

from tests.house.source import ROOT
from tests.yinxin.gullible import site as gullible
from yinxin.lint import cli, judge
from yinxin.lint.faults import FAULTS
from yinxin.lint.judge import CannotJudge, Site
from yinxin.lint.provider import CLIENT, SECRET, Liar, Standing

At = Callable[[Flask], AbstractContextManager[str]]
NAMES = [fault.name for fault in FAULTS]


@pytest.fixture(scope="module")
def liar() -> Iterator[Liar]:
    """The provider that lies."""
    with Standing(0, "RS256") as standing:
        yield standing


@contextmanager
def at(app: Flask) -> Iterator[str]:
    """A site on a port of its own; gives the address of its front page."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("localhost", 0, app, threaded=True)
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://localhost:{server.port}/"
    finally:
        server.shutdown()
        server.server_close()


def of_the_page(issuer: str, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The Authlib site that docs/connect.md shows, as it stands."""
    found = re.findall(
        r"^```python\n(.*?)^```$", (ROOT / "docs/connect.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    given = {"ISSUER": issuer, "CLIENT_ID": CLIENT, "CLIENT_SECRET": SECRET, "COOKIE_SECRET": "of-this-test"}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    space: dict[str, Any] = {"__name__": "site_of_the_page"}
    exec(compile(found[0], "docs/connect.md", "exec"), space)
    app = space["app"]
    assert isinstance(app, Flask)
    return app


def test_a_careful_site_believes_nothing(liar: Liar) -> None:
    with at(gullible(liar.issuer)) as url:
        report = judge.judge(Site(url, "Signed in"), liar)
    assert [one.fault.name for one in report.verdicts if not one.passed] == []
    assert (report.score, report.grave, report.lacks) == (100, False, ())


def test_the_site_of_the_page_believes_nothing(liar: Liar, monkeypatch: pytest.MonkeyPatch) -> None:
    with at(of_the_page(liar.issuer, monkeypatch)) as url:
        report = judge.judge(Site(url, "Signed in"), liar)
    # Its userinfo is the ID token's; it never asks the provider again.
    assert [one.fault.name for one in report.verdicts if one.fell] in ([], ["other-userinfo"])
    assert not report.grave
    assert report.lacks == ()


@pytest.mark.parametrize("name", NAMES)
def test_each_lie_that_is_believed_is_found(name: str, liar: Liar) -> None:
    fault = FAULTS[NAMES.index(name)]
    with at(gullible(liar.issuer, name)) as url:
        site = Site(url, "Signed in")
        asked = {"state": "s", "nonce": "n", "code_challenge_method": "S256"}
        assert judge._tried(site, liar, fault, asked).fell


def test_a_site_that_believes_everything_scores_nothing(liar: Liar) -> None:
    with at(gullible(liar.issuer, *NAMES)) as url:
        report = judge.judge(Site(url, "Signed in"), liar)
    assert (report.score, report.grave) == (0, True)
    english, chinese = cli.lines(report, zh=False), cli.lines(report, zh=True)
    assert sum("BELIEVED" in line for line in english) == sum("被骗" in line for line in chinese) > 10
    assert len(english) == len(chinese)


def test_what_cannot_be_judged_is_said(liar: Liar) -> None:
    with pytest.raises(CannotJudge, match="on this machine"):
        Site("https://civil.example/", "Signed in")
    with at(gullible(liar.issuer)) as url:
        with pytest.raises(CannotJudge, match="does not sign in"):
            judge.judge(Site(url, "a text that is nowhere"), liar)
        with pytest.raises(CannotJudge, match="to everybody"):
            judge.judge(Site(f"{liar.issuer}/jwks", "keys"), liar)
        with pytest.raises(CannotJudge, match="did not lead"):
            judge.judge(Site(f"{liar.issuer}/nowhere", "keys"), liar)


def test_the_command_prints_a_score_and_gives_an_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    with Standing(0, "RS256") as free:
        port = int(free.issuer.rpartition(":")[2])
    issuer = f"http://localhost:{port}"
    for skips, code, words in (((), 0, "得分 100"), (("alg-none",), 1, "被骗")):
        with at(gullible(issuer, *skips)) as url:
            done = CliRunner().invoke(cli.lint_rp, [url, "--shows", "Signed in", "--port", str(port)])
        assert done.exit_code == code, done.output
        assert words in done.output
        assert f"ISSUER={issuer}" in done.output
    done = CliRunner().invoke(cli.lint_rp, [f"{issuer}/x", "--shows", "x", "--port", str(port), "--wait", "0"])
    assert done.exit_code == 2
