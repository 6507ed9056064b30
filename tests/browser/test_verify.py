"""The code checked on the phone: private, offline after one visit, and with three honest answers."""

import random
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from time import sleep

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, Page, Playwright, Request, Route

from hub import clock
from licenses import change, qr, status_list
from licenses.model import License
from tests.browser.accessible import assert_accessible
from tests.browser.conftest import Live, Visit, launch
from tests.browser.presses import presses
from tests.verification.attacks.forge import FORGERIES, Forger
from tests.verification.desk import CALLER, Desk, b64, open_desk
from verification import answer
from verification.judge import code_report
from verification.lists import read_status_list
from verification.model import ANSWERS, Reason
from verification.web import MODULES

BOTH = pytest.mark.parametrize("language", ["zh-Hans", "en"])


@pytest.fixture(scope="session")
def desk(live: Live) -> Desk:
    """The live house with an agency that issues."""
    return open_desk(live.house, clock.now())


@pytest.fixture(scope="session")
def license(desk: Desk) -> License:
    return desk.issue("one")


def answered(page: Page) -> str:
    """The reason that the page shows."""
    result = page.locator("#result[data-reason]")
    result.wait_for()
    return str(result.get_attribute("data-reason"))


def says(page: Page, reason: Reason) -> None:
    """The page's one heading is the sentence of that reason."""
    assert answered(page) == reason.value
    assert page.locator("h1:visible").inner_text() == ANSWERS[reason].says
    assert page.locator("h1:visible").count() == 1


def serve_instead(page: Page, url: str | re.Pattern[str], body: Callable[[], str]) -> None:
    """Answer one address with something else, as a server in other hands would."""
    page.context.route(url, lambda route: route.fulfill(body=body(), content_type="application/jwt"))


def at_once(desk: Desk, code: str, visit: Visit, *, status: str = "", **options: object) -> Page:
    """Open a code with another status list than the server's."""
    page = visit(desk.house.settings.verify_url + "/?lang=en", language="en", **options)
    if status:
        serve_instead(page, re.compile("/status/1$"), lambda: status)
    page.goto("about:blank")
    page.goto(code)
    return page


# -- answers


def test_a_valid_license(live: Live, visit: Visit, license: License) -> None:
    page = visit(license.code, language="en")
    says(page, Reason.code_in_force)
    shown = page.locator("#result").inner_text()
    for text in (license.identifier, "Business License", "Qiyun", "No end", "ago"):
        assert text in shown


@pytest.mark.parametrize("operation", ["suspend", "revoke"])
def test_a_change_shows_at_the_next_look(live: Live, desk: Desk, visit: Visit, operation: str) -> None:
    held = desk.issue(operation, name=f"望舒示范{operation}店")
    page = visit(held.code, language="en")
    says(page, Reason.code_in_force)
    given = {"reason": "x", "legal_basis": "y", "decision": "z", "caller": CALLER, "now": clock.now()}
    getattr(change, operation)(live.house, held.identifier, **given)
    page.reload()
    says(page, {"suspend": Reason.suspended, "revoke": Reason.revoked}[operation])
    if operation == "suspend":
        change.reinstate(live.house, held.identifier, **given)  # type: ignore[arg-type]
        page.reload()
        says(page, Reason.code_in_force)


def test_an_expired_license(desk: Desk, visit: Visit) -> None:
    issued = clock.now()
    identifier = desk.identifier("20260000011")
    code = qr.Code(identifier, issued, issued + timedelta(seconds=1), 1, 9, bytes(32))
    sleep(1)
    says(at_once(desk, qr.sign(desk.house, code), visit), Reason.expired)
    revoked = desk.status_list({9: 1}, at=clock.now(), counter=10**6)
    says(at_once(desk, qr.sign(desk.house, replace(code, expires=None)), visit, status=revoked), Reason.revoked)


def changed(code: str, place: int) -> str:
    letter = "A" if code[place] != "A" else "B"
    return code[:place] + letter + code[place + 1 :]


def test_a_forged_code(desk: Desk, visit: Visit, license: License) -> None:
    says(at_once(desk, changed(license.code, -20), visit), Reason.forged)


def test_a_code_of_an_unknown_key(desk: Desk, visit: Visit, license: License) -> None:
    says(at_once(desk, changed(license.code, license.code.index("#") + 20), visit), Reason.unknown_key)


@pytest.mark.parametrize("text", ["A", "HELLO WORLD", "A" * 300, "a" * 300, "<b>x</b>", "%3Cb%3E", "0" * 5000])
def test_what_is_no_code(desk: Desk, visit: Visit, text: str) -> None:
    says(at_once(desk, f"{desk.house.settings.verify_url}/#{text}", visit), Reason.unreadable_code)


# -- evidence


def test_a_stale_list_cannot_say(desk: Desk, visit: Visit, license: License) -> None:
    old = desk.status_list(at=clock.now(), counter=10**6, exp=int(clock.now().timestamp()) - 1)
    says(at_once(desk, license.code, visit, status=old), Reason.status_old)


@pytest.mark.parametrize(
    ("spoiled", "reason"),
    [
        (lambda made: made(sub="http://other.example/status/1"), Reason.status_wrong),
        (lambda made: made()[:-6] + "AAAAAA", Reason.status_wrong),
        (lambda made: made(status_list={"bits": 2, "lst": "AAAA"}), Reason.status_wrong),
        (lambda made: made(status_list={"bits": 1, "lst": "AAAA"}), Reason.status_wrong),
        (lambda made: made(status_list={"bits": 2, "lst": b64(zlib.compress(bytes(100_000_000), 9))}), Reason.status_wrong),
        (lambda made: made(iat=int(clock.now().timestamp()) + 300), Reason.clock_wrong),
        (lambda made: made(ctr=None), Reason.status_wrong),
        (lambda made: made().replace("eyJhbGciOiAiRVMyNTYi", "eyJhbGciOiAibm9uZSIi"), Reason.status_wrong),
        (lambda _: "hello", Reason.status_wrong),
        (lambda _: "", Reason.status_wrong),
    ],
)  # fmt: skip
def test_a_wrong_list_cannot_say(
    desk: Desk, visit: Visit, license: License, spoiled: Callable[[Callable[..., str]], str], reason: Reason
) -> None:
    def made(**claims: object) -> str:
        return desk.status_list(at=clock.now(), counter=10**6, **claims)  # type: ignore[arg-type]

    page = visit("about:blank")
    serve_instead(page, re.compile("/status/1$"), lambda: spoiled(made))
    page.goto(f"{license.code.replace('/#', '/?lang=en#')}")
    says(page, reason)


def test_a_list_that_was_rolled_back_is_not_believed(desk: Desk, visit: Visit) -> None:
    """Yesterday's list, served again after a revocation: the newer one that the phone keeps decides."""
    held = desk.issue("rolled", name="望舒示范回滚店")
    older = status_list.current(desk.house, held.status_list, clock.now())
    given = {"reason": "x", "legal_basis": "y", "decision": "z", "caller": CALLER, "now": clock.now()}
    change.revoke(desk.house, held.identifier, **given)  # type: ignore[arg-type]
    page = visit(held.code, language="en")
    says(page, Reason.revoked)
    serve_instead(page, re.compile(r"/status/\d+$"), lambda: older)
    page.reload()
    says(page, Reason.revoked)
    page.evaluate("caches.delete('yinxin-evidence-1')")  # even if the newer one is gone, its counter is known
    page.reload()
    says(page, Reason.status_rolled_back)


def test_no_list_at_all_cannot_say(desk: Desk, visit: Visit, license: License) -> None:
    page = visit("about:blank")
    page.context.route(re.compile(r"/status/\d+$"), lambda route: route.abort())
    page.goto(license.code.replace("/#", "/?lang=en#"))
    says(page, Reason.no_status)


@pytest.mark.parametrize("gone", ["aborted", "wrong"])
def test_without_the_trust_list_nothing_is_said(desk: Desk, visit: Visit, license: License, gone: str) -> None:
    def answer(route: Route) -> None:
        if gone == "aborted":
            route.abort()
        else:
            route.fulfill(body=desk.jws({"typ": "trust-list+jwt"}, {"keys": []}, "status-list"))

    page = visit("about:blank")
    page.context.route(re.compile("trust-list"), answer)
    page.goto(license.code.replace("/#", "/?lang=en#"))
    says(page, Reason.no_trust_list if gone == "aborted" else Reason.trust_list_wrong)


@pytest.mark.parametrize("off", [-86_400_000, -300_000, 300_000, 86_400_000])
def test_a_clock_that_is_off_is_named(desk: Desk, visit: Visit, license: License, off: int) -> None:
    page = visit("about:blank")
    page.add_init_script(f"const right = Date.now; Date.now = () => right() + {off};")
    page.goto(license.code.replace("/#", "/?lang=en#"))
    assert answered(page) in {"clock-wrong", "status-old"}
    assert "valid" not in page.locator("h1:visible").inner_text()


def test_browser_and_server_judge_alike(live: Live, desk: Desk, visit: Visit, license: License) -> None:
    """Two hundred spoiled codes: the page's engine and ours give the same reason for each."""
    chance = random.Random(7)
    start = license.code.index("#") + 1
    codes = [license.code, license.code[:start], license.code.replace("http", "https"), license.code + "A", "x"]
    for _ in range(195):
        text = list(license.code)
        for _ in range(chance.choice((1, 1, 2, 9))):
            place = chance.randrange(start, len(text))
            text[place : place + chance.choice((0, 1, 1, 1, 1, 2))] = chance.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
        codes.append("".join(text))
    trust = answer.trust_of(live.house, clock.now())
    assert trust.list
    url = f"{live.verify}/status/1"
    status = read_status_list(status_list.current(live.house, 1, clock.now()), url, trust.list, clock.now())
    ours = [str(code_report(code, replace(trust, status=(status,)), clock.now()).reason) for code in codes]
    page = visit(f"{live.verify}/?lang=en", language="en")
    theirs = page.evaluate(
        """async (codes) => {
            const { judge } = await import('/verification/judge.js');
            const { gather } = await import('/verification/evidence.js');
            const { verifyUrl, trustKeys } = document.getElementById('check').dataset;
            const now = Math.floor(Date.now() / 1000);
            const evidence = await gather(verifyUrl, JSON.parse(trustKeys), now);
            const told = [];
            for (const code of codes) told.push((await judge(code, { verifyUrl, testEdition: true, evidence, now })).reason);
            return told;
        }""",
        codes,
    )
    assert theirs == ours
    assert {"code-in-force", "forged", "unreadable-code", "not-our-code", "look-alike"} <= set(ours)


# -- offline and private


def test_after_one_visit_it_works_without_internet(desk: Desk, visit: Visit, license: License) -> None:
    page = visit(f"{desk.house.settings.verify_url}/?lang=en", language="en")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.goto(license.code)
    says(page, Reason.code_in_force)
    page.context.set_offline(True)
    other = desk.issue("offline", name="望舒示范离线店")
    page.goto("about:blank")
    page.goto(other.code)
    says(page, Reason.code_in_force)
    assert "Qiyun" in page.locator("#result").inner_text()
    page.reload()
    says(page, Reason.code_in_force)
    page.add_init_script("const right = Date.now; Date.now = () => right() + 90000000;")  # a day and an hour later
    page.reload()
    says(page, Reason.status_old)


@pytest.mark.parametrize(("language", "heading"), [("en", "en"), ("zh-Hans", "zh-Hans"), ("fr", "zh-Hans")])
def test_what_is_kept_speaks_as_the_browser_prefers_before_anybody_chose(
    desk: Desk, visit: Visit, language: str, heading: str
) -> None:
    page = visit(f"{desk.house.settings.verify_url}/", language=language)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.evaluate("caches.delete('yinxin-choice')")  # it is written a moment after the page is shown
    page.goto("about:blank")
    page.context.set_offline(True)
    page.goto(f"{desk.house.settings.verify_url}/")
    assert page.evaluate("document.documentElement.lang") == heading


def test_no_request_carries_the_code(desk: Desk, visit: Visit, license: License) -> None:
    page = visit("about:blank")
    sent: list[Request] = []
    page.context.on("request", lambda request: sent.append(request))  # noqa: PLW0108  Playwright wants a Python function
    page.goto(license.code)
    answered(page)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.reload()
    answered(page)
    coded = license.code.partition("#")[2]
    for request in sent:
        held = " ".join([request.url.partition("#")[0], request.post_data or "", *request.headers.values()])
        assert coded[:40] not in held
        assert license.identifier not in held
        assert license.record not in held
        assert request.method == "GET"
    asked = {request.url.partition("#")[0].removeprefix(desk.house.settings.verify_url) for request in sent}
    lists = {url for url in asked if "status" in url}
    assert lists == {"/status/", "/status/1"}
    assert all(url.startswith("/") for url in asked), "only our own address is asked"


def test_the_code_reader_is_not_loaded_before_it_is_wanted(desk: Desk, visit: Visit) -> None:
    page = visit("about:blank")
    sent: list[Request] = []
    page.context.on("request", lambda request: sent.append(request))  # noqa: PLW0108  Playwright wants a Python function
    page.goto(f"{desk.house.settings.verify_url}/")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    assert not [
        request.url
        for request in sent
        if "zxing" in request.url or ("scan.js" in request.url and not request.service_worker)
    ]


# -- pictures, camera, file, number


def symbol(text: str, scale: int = 4) -> Image.Image:
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode)
    return Image.fromarray(code.to_image(scale=scale, add_quiet_zones=True))


def photo(*texts: str) -> bytes:
    whole = Image.new("L", (1280, 720), 255)
    for number, text in enumerate(texts):
        whole.paste(symbol(text), (40 + 640 * number, 40))
    out = BytesIO()
    whole.save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        (1, Reason.code_in_force),
        (0, Reason.no_code),
        (2, Reason.several_codes),
        (-1, Reason.look_alike),
        (-2, Reason.not_our_code),
    ],
)
def test_a_photo_is_read_on_the_phone(desk: Desk, visit: Visit, license: License, texts: int, reason: Reason) -> None:
    given = {
        1: [license.code],
        0: [],
        2: [license.code, "https://example.org/"],
        -1: [license.code.replace("localhost", "localhost.example")],
        -2: ["https://example.org/"],
    }[texts]
    page = visit(f"{desk.house.settings.verify_url}/?lang=en", language="en")
    posted: list[Request] = []
    page.on("request", lambda request: posted.append(request) if request.method == "POST" else None)
    page.locator("#file").set_input_files({"name": "photo.png", "mimeType": "image/png", "buffer": photo(*given)})
    page.locator("#file-form button").click()
    says(page, reason)
    assert not posted


def test_a_file_and_a_number_are_answered_on_the_same_page(
    desk: Desk, visit: Visit, license: License, tmp_path: Path
) -> None:
    page = visit(f"{desk.house.settings.verify_url}/?lang=en", language="en")
    pdf = desk.file(license)
    for data, reason in ((pdf, Reason.valid), (pdf + b"\n", Reason.altered), (b"%PDF-1.7", Reason.damaged)):
        page.locator("#file").set_input_files({"name": "license.pdf", "mimeType": "application/pdf", "buffer": data})
        page.locator("#file-form button").click()
        says(page, reason)
        page.get_by_role("button", name="Check another license").click()
    with (tmp_path / "big.pdf").open("wb") as big:
        big.truncate(20_000_001)
    page.locator("#file").set_input_files(tmp_path / "big.pdf")
    page.locator("#file-form button").click()
    says(page, Reason.too_large)
    page.get_by_role("button", name="Check another license").click()
    page.locator("#number").fill(license.identifier)
    page.locator("#number").press("Enter")
    says(page, Reason.number_in_force)
    assert "Business License" in page.locator("#result").inner_text()


def test_a_forged_file_is_refused_in_red_and_words(desk: Desk, visit: Visit, license: License) -> None:
    forger = Forger(desk, desk.file(license), desk.file(desk.issue("other", name="望舒示范别店")))
    page = visit(f"{desk.house.settings.verify_url}/?lang=en", language="en")
    for name in ("a_note_over_the_page", "an_authority_of_the_same_name", "a_page_that_only_looks_sealed"):
        make, reason = FORGERIES[name]
        page.locator("#file").set_input_files({"name": "x.pdf", "mimeType": "application/pdf", "buffer": make(forger)})
        page.locator("#file-form button").click()
        says(page, reason)
        page.get_by_role("button", name="Check another license").click()


def test_without_javascript_everything_but_scanning_works(desk: Desk, visit: Visit, license: License) -> None:
    page = visit(f"{desk.house.settings.verify_url}/?lang=en", language="en", javascript=False)
    page.locator("#file").set_input_files(
        {"name": "license.pdf", "mimeType": "application/pdf", "buffer": desk.file(license)}
    )
    presses(page.locator("#file-form button"))
    assert page.locator("h1").inner_text() == ANSWERS[Reason.valid].says
    presses(page.get_by_role("link", name="Check another license"))
    page.locator("#number").fill(license.identifier)
    presses(page.locator("#number-form button"))
    assert page.locator("h1").inner_text() == ANSWERS[Reason.number_in_force].says


@pytest.fixture
def camera(playwright: Playwright, license: License, tmp_path: Path) -> Iterator[Browser]:
    """A browser whose camera sees the license."""
    frame = Image.new("RGB", (1280, 720), (236, 232, 220))
    frame.paste(symbol(license.code, 6).rotate(4, expand=True, fillcolor=255), (300, 30))
    film = tmp_path / "film.mjpeg"
    out = BytesIO()
    frame.save(out, "JPEG", quality=90)
    film.write_bytes(out.getvalue() * 30)
    switches = ("--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={film}")
    with_camera = launch(playwright, *switches)
    yield with_camera
    with_camera.close()


def test_from_the_camera_to_the_answer(desk: Desk, camera: Browser) -> None:
    context = camera.new_context(locale="en", permissions=["camera"])
    page = context.new_page()
    page.add_init_script(
        "const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);"
        "navigator.mediaDevices.getUserMedia = async (asked) => (window.stream = await open(asked));"
    )
    page.goto(f"{desk.house.settings.verify_url}/?lang=en")
    page.get_by_role("button", name="Start the camera").click()
    says(page, Reason.code_in_force)
    assert page.evaluate("stream.getTracks().every(({ readyState }) => readyState === 'ended')"), (
        "the camera is off again"
    )
    context.close()


@pytest.mark.parametrize(
    ("name", "words"),
    [("NotAllowedError", "may not be used"), ("NotFoundError", "no camera"), ("NotReadableError", "does not answer")],
)
def test_a_camera_that_fails_has_words_and_the_other_doors(desk: Desk, visit: Visit, name: str, words: str) -> None:
    page = visit("about:blank")
    page.add_init_script(
        f"navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', '{name}'));"
    )
    page.goto(f"{desk.house.settings.verify_url}/?lang=en")
    page.get_by_role("button", name="Start the camera").click()
    page.locator("#camera").get_by_text(words).wait_for()
    assert page.locator("#file").is_visible()
    assert page.locator("#number").is_visible()


# -- for everyone


@BOTH
@pytest.mark.parametrize("dark", [False, True])
def test_the_page_and_its_answers_are_for_everyone(
    desk: Desk, visit: Visit, license: License, language: str, *, dark: bool
) -> None:
    page = visit(f"{desk.house.settings.verify_url}/?lang={language}", language=language, dark=dark, width=320)
    assert_accessible(page)
    for code in (license.code, changed(license.code, -20), changed(license.code, license.code.index("#") + 20)):
        page.goto("about:blank")
        page.goto(code)
        answered(page)
        page.locator("#result summary").click()
        for width in (320, 1280):
            page.set_viewport_size({"width": width, "height": 568})
            assert_accessible(page)
        page.set_viewport_size({"width": 320, "height": 568})
        page.evaluate("scrollTo(0, 0)")
        box = page.locator("h1:visible").bounding_box()
        assert box
        assert box["y"] + box["height"] <= 568, "the answer is in the first view"


def test_the_answer_is_announced_and_focused(desk: Desk, visit: Visit, license: License) -> None:
    page = visit(license.code, language="en")
    answered(page)
    assert page.evaluate("document.activeElement === document.querySelector('#result h1')")
    assert page.locator("#result").get_attribute("role") == "status"


def test_every_module_is_small_enough_to_be_read(desk: Desk) -> None:
    static = Path(__file__).resolve().parents[2] / "verification/static"
    assert all(len((static / name).read_text().splitlines()) < 220 for name in (*MODULES, "page.js", "sw.js"))
