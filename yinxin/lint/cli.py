"""`yinxin lint-rp`: which lies of a provider a department's site believes."""

import locale
import os
import time
from collections.abc import Callable
from pathlib import Path

import click
import httpx2

from yinxin.lint.faults import ASKED, GRAVE
from yinxin.lint.judge import CannotJudge, Report, Site, judge
from yinxin.lint.provider import CLIENT, SECRET, Liar, Standing

PORT = 8765
WORDS = {
    "point": ("Let your test instance use this provider:", "请让测试站点使用这个认证平台:"),
    "waiting": ("Waiting until {url} leads there (Ctrl-C ends it) ...", "正在等待 {url} 指向该平台(按 Ctrl-C 结束)……"),
    "passed": ("refused", "已拒绝"),
    "fell": ("BELIEVED", "被骗"),
    "advice": ("believed", "未察觉"),
    "skipped": ("not tried", "未测试"),
    "means": ("means:", "后果:"),
    "cure": ("cure: ", "办法:"),
    "score": (
        "{score} of 100: {passed} of {tried} lies refused",
        "得分 {score}(满分 100):{tried} 种谎言拒绝了 {passed} 种",
    ),
    "good": ("Nobody comes in who must not.", "没有人能混进来。"),
    "bad": (
        "Do not let people sign in at this site before these lies are refused.",
        "在以上谎言被拒绝之前,请勿让公众登录该站点。",
    ),
}


def chinese() -> bool:
    """Whether the operator reads Chinese, by his locale."""
    said = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return (said or locale.getlocale()[0] or "").lower().startswith("zh")


@click.command("lint-rp")
@click.argument("urls", nargs=-1, required=True)
@click.option("--shows", required=True, help="A text of the page that only somebody who is signed in sees.")
@click.option("--port", default=PORT, show_default=True, help="Where the provider listens, on this machine only.")
@click.option("--algorithm", type=click.Choice(["RS256", "ES256"]), default="RS256", show_default=True)
@click.option(
    "--ca", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Certificate of a site with TLS."
)
@click.option(
    "--wait", "seconds", default=60, show_default=True, help="Seconds until the site must lead to the provider."
)
def lint_rp(urls: tuple[str, ...], shows: str, port: int, algorithm: str, ca: Path | None, seconds: int) -> None:
    """Play a provider that lies to the site at URL..., and say which lies it believes.

    URL is a page of a test instance on this machine that needs a sign-in. Exit code 0: no grave lie was believed.
    1: one was. 2: the site cannot be judged.
    """
    code, zh = 0, chinese()
    with Standing(port, algorithm) as liar:
        click.echo(_say("point", zh=zh))
        click.echo(f"  ISSUER={liar.issuer}\n  CLIENT_ID={CLIENT}\n  CLIENT_SECRET={SECRET}")
        for url in urls:
            try:
                site = Site(url, shows, ca)
                _await(site, liar, seconds, lambda url=url: click.echo(_say("waiting", zh=zh).format(url=url)))  # type: ignore[misc]
                report = judge(site, liar)
            except (CannotJudge, httpx2.HTTPError) as error:
                click.echo(f"{url}: {str(error) or type(error).__name__}", err=True)
                code = 2
                continue
            click.echo(f"\n{url}")
            for line in lines(report, zh=zh):
                click.echo(line)
            code = max(code, 1 if report.grave else 0)
    raise SystemExit(code)


def lines(report: Report, *, zh: bool) -> list[str]:
    """The report in words."""
    at, said = int(zh), list[str]()
    for one in report.verdicts:
        mark = (
            "skipped" if one.why_not else "passed" if one.passed else "fell" if one.fault.weight == GRAVE else "advice"
        )
        said.append(f"  {_say(mark, zh=zh):<10} {one.fault.name:<22} {one.fault.what[at]}")
        if one.fell:
            said.append(f"  {'':<10} {_say('means', zh=zh)} {one.fault.means[at]}")
            said.append(f"  {'':<10} {_say('cure', zh=zh)} {one.fault.cure[at]}")
    said += [f"  ! {ASKED[name][at]}" for name in report.lacks]
    passed = sum(one.passed for one in report.verdicts)
    said.append(_say("score", zh=zh).format(score=report.score, passed=passed, tried=report.tried))
    said.append(_say("bad" if report.grave else "good", zh=zh))
    return said


def _await(site: Site, liar: Liar, seconds: int, tell: Callable[[], object]) -> None:
    """Until the site is up and leads to the provider."""
    end, told = time.monotonic() + seconds, False
    while True:
        try:
            with site.browser() as browser:
                where, _ = site.visits(browser, site.url, liar.issuer, enters=False)
        except httpx2.HTTPError:
            where = ""
        if where.startswith(liar.issuer):
            return
        if time.monotonic() > end:
            raise CannotJudge(
                f"The page did not lead to the provider: let the test instance use the issuer {liar.issuer}"
            )
        told = told or bool(tell()) or True
        time.sleep(0.5)


def _say(word: str, *, zh: bool) -> str:
    return WORDS[word][int(zh)]


commands = [lint_rp]
