"""The whole story, from a stranger's first page to the last sign-out: what `yinxin tour` plays against a running demo."""

import re
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hub import ledger
from tests.house.source import ROOT
from tests.journeys import at_rest
from tests.journeys.test_figures import assert_every_board_is_counted_again
from tests.world import World, world
from yinxin.tour import play
from yinxin.tour.browser import Browser
from yinxin.tour.story import Story

SECONDS = 120
NOBODY = Path("accounts-of-no-demo.json")
PHONE = "10098765432"  # 100 begins no real number
SHOWN = ("hub_ledger_event.", "hub_notice.", "hub_outbox.", "hub_inbox.", "admin_alert", "idp_use.")


LISTED = (
    ("示例甲", "880101198503120015"),
    ("买买提示例·阿卜杜示例", "870101197801010045"),
    ("示䶮", "880301200311150050"),
    ("SAMPLE PERSON", "988999198205050012"),
)


@dataclass(frozen=True)
class Day:
    """A day that was played, what was said and logged in it, and everything in it that is nobody's business."""

    world: World
    said: list[str]
    logged: str
    personal: tuple[str, ...]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def day(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, valkey_url: str) -> Iterator[Day]:
    """The whole story, and people with other names and papers, in one thread per origin, on each of the two databases."""
    postgres = request.getfixturevalue("postgres_server") if request.param == "postgresql" else None
    with world(tmp_path_factory.mktemp("world"), valkey_url, postgres=postgres) as made:
        with at_rest.listening() as heard:
            story = Story(made.sites, Browser(), Browser(), made.officers)
            said: list[str] = []
            assert play.play(story, said.append), "\n".join(said)
            accounts = [registers(made, name, number) for name, number in LISTED]
            made.tick()
        personal = (story.name, story.number, *(part for one in LISTED for part in one), *accounts, PHONE)
        yield Day(made, said, heard.getvalue(), personal)


def registers(made: World, name: str, number: str) -> str:
    """A person opens an account and proves the name; gives the name of the account."""
    browser, account = Browser(), f"person-{secrets.token_hex(6)}"
    browser.open(f"{made.sites.hub}/register?lang=en")
    browser.submit("password", account=account, password=secrets.token_urlsafe(16))
    browser.open(f"{made.sites.hub}/realname?lang=en")
    browser.submit("number", name=name, number=number)
    browser.open(f"{made.sites.hub}/account/contact/phone?lang=en")
    browser.submit("value", value=PHONE)
    made.tick()
    assert "code" in browser.find("code").fields  # it was sent
    return account


def test_the_story_goes_as_told(day: Day) -> None:
    assert re.fullmatch(r"Done: [0-9]+ steps in [0-9.]+ s", day.said[-1])
    head = ledger.verify(day.world.house)
    assert head is not None
    assert head.size > 20


def test_nothing_personal_stands_in_clear_in_anything_that_is_kept(day: Day) -> None:
    assert day.logged.count("\n") > 100  # somebody listened
    assert not at_rest.in_clear(day.world.house, day.personal, day.logged)


def test_the_ledger_the_notices_and_what_is_sent_name_nobody(day: Day) -> None:
    """What leaves the house, or is shown to others, holds no personal data, encrypted or not."""
    found = dict(at_rest.rows(day.world.house))
    shown = {place: data for place, data in found.items() if place.startswith(SHOWN)}
    assert shown["hub_ledger_event.facts"]
    assert shown["hub_notice.title"]
    for place, data in shown.items():
        for words in day.personal:
            assert not any(form in data for form in at_rest.forms(words)), f"{place}: {words}"


def test_every_board_is_counted_again_from_an_export(day: Day, tmp_path: Path) -> None:
    assert_every_board_is_counted_again(day.world, tmp_path / "ledger.jsonl")


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, valkey_url: str) -> Iterator[Story]:
    """A story that has not begun."""
    with world(tmp_path_factory.mktemp("world"), valkey_url) as made:
        yield Story(made.sites, Browser(), Browser(), made.officers)


def test_departments_cannot_link_their_visitors(story: Story) -> None:
    for step in (story.get_person, story.sign_in_at_a, story.open_b):
        step()
    subjects = set()
    for site in (story.sites.market, story.sites.civil):
        story.citizen.open(f"{site}/")
        subjects.add(story.citizen.facts[-1])
    assert len(subjects) == 2


def test_a_story_that_goes_wrong_stops_and_says_where(story: Story) -> None:
    said: list[str] = []
    astray = Story(story.sites, Browser(), Browser(), story.officers)
    astray.sign_in_at_a = astray.open_b  # type: ignore[method-assign]  # who is not signed in is asked more than consent
    assert not play.play(astray, said.append)
    assert said[-1].startswith(" 2. ")
    assert "FAILED" in said[-1]
    assert "expected: nothing but consent is asked; but at" in said[-1]


def test_without_a_demo_nothing_is_played() -> None:
    said: list[str] = []
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert play.tour(f"http://localhost:{port}", accounts=NOBODY, say=said.append) == play.NO_DEMO
    assert len(said) == 1
    assert "make demo" in said[0]


@pytest.mark.parametrize("address", ["localhost", "http://localhost", "http://localhost:x", "nonsense", ""])
def test_an_address_that_is_none_is_refused_in_words(address: str) -> None:
    said: list[str] = []
    assert play.tour(address, accounts=NOBODY, say=said.append) == play.NO_DEMO
    assert "No demo answers" in said[0]


@pytest.fixture
def demo(tmp_path: Path) -> Iterator["Demo"]:
    """`make demo` on free ports, with one worker and one thread."""
    made = Demo(tmp_path / "demo")
    yield made
    made.stop()


@pytest.mark.slow
def test_make_demo_plays_the_story_with_one_worker_and_one_thread_and_keeps_its_data(demo: "Demo") -> None:
    first = demo.start()
    assert "the first time only" in first
    assert "Yinxin is ready" in first
    tour = subprocess.run(
        [sys.executable, "app.py", "tour", "--hub", demo.hub, "--accounts", str(demo.folder / "accounts.json")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert tour.returncode == 0, tour.stdout + tour.stderr
    assert demo.stop() == 0
    second = demo.start()
    assert "the first time only" not in second
    assert accounts(first) == accounts(second)
    assert "Warning" not in (demo.folder / "log.txt").read_text()


def test_the_demo_can_be_stopped_before_it_is_ready(demo: "Demo") -> None:
    demo.start(until="Making keys")
    assert demo.stop() == 130


def test_the_demo_says_who_has_its_port(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        demo = Demo(tmp_path / "demo", taken.getsockname()[1])
        assert f"Port {demo.port} is in use" in demo.start()
        assert demo.stop() == 1
    assert not demo.folder.exists()


def accounts(said: str) -> list[str]:
    """The lines of the accounts."""
    return re.findall(r"^  \S+ (?:citizen|company|operator) .*$", said, re.MULTILINE)


class Demo:
    """The demo as a program."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        self.folder, self.port = folder, port or seven_free_ports()
        self.hub = f"http://localhost:{self.port}"
        self._process: subprocess.Popen[str] | None = None

    def start(self, until: str = "Stop with Ctrl-C") -> str:
        """Start it; give what it says until then, or until it has ended."""
        command = [sys.executable, "-m", "deploy.demo.run", "--data", str(self.folder), "--port", str(self.port)]
        self._process = subprocess.Popen(
            [*command, "--workers", "1", "--threads", "1"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self._process.stdout is not None
        said = ""
        for line in self._process.stdout:
            said += line
            if line.startswith(until):
                break
        return said

    def stop(self) -> int:
        """End it as Ctrl-C does; give its exit code. Nothing of it may be left."""
        if self._process is None:
            return 0
        self._process.send_signal(signal.SIGINT)
        self._process.communicate(timeout=60)
        code = self._process.returncode
        self._process = None
        left = subprocess.run(["pgrep", "-f", str(self.folder)], capture_output=True, text=True, check=False)
        assert not left.stdout
        return code


def seven_free_ports() -> int:
    """The first of seven ports in a row that nobody listens on."""
    for first in range(18000, 30000, 7):
        try:
            for port in range(first, first + 7):
                with socket.socket() as door:
                    door.bind(("127.0.0.1", port))
        except OSError:
            continue
        return first
    raise AssertionError("no free ports")
