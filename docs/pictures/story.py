# ruff: noqa: INP001  a program beside its picture
"""Makes story.png: a sealed license, the wallet on a phone, the answer of the verification page. All of it real output.

PYTHONPATH=. .venv/bin/python docs/pictures/story.py
"""

import base64
import io
import tempfile
from pathlib import Path

import pypdfium2
from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from tests import servers
from tests.browser.conftest import launch
from tests.browser.story import COMPANY, OUYANG, prove, register
from tests.world import World, world

HERE = Path(__file__).parent
SIZE: ViewportSize = {"width": 1480, "height": 850}
COLOURS = 224  # as many as the guilloche needs; the file stays below 400 kB
STYLE = """
body { margin: 0; background: linear-gradient(160deg, #f7f4ee, #e9e4da); color: #4d463c;
  font: 600 18px/1.4 'Noto Sans CJK SC', sans-serif; }
figure { position: absolute; margin: 0; overflow: hidden; box-shadow: 0 2px 5px #0003, 0 18px 40px #0003; border-radius: 4px; }
figure.phone { border: 11px solid #1d1c1a; border-radius: 38px; }
img { display: block; width: 100%; }
p { position: absolute; margin: 0; text-align: center; top: 800px; }
"""
PLACES = {  # left, top, width, height, class; and the words below
    "license": ((36, 92, 846, 596, ""), "Issued: one PDF, sealed, with a signed code"),
    "phone": ((802, 206, 258, 548, "phone"), "Held: on the holder's phone"),
    "answer": ((1102, 56, 350, 700, ""), "Checked: by anyone, no account"),
}


def main() -> None:
    """Play as much of the story as the picture shows."""
    with (
        tempfile.TemporaryDirectory() as name,
        servers.valkey(Path(name) / "valkey") as redis,
        world(Path(name), redis, threaded=True) as demo,
        sync_playwright() as playwright,
    ):
        browser = launch(playwright)
        page = phone(browser)
        pdf = license_of_company(demo, page)
        pictures = {"license": drawn(pdf), "phone": shot(page), "answer": answer(demo, browser, pdf, Path(name))}
        board = browser.new_page(viewport=SIZE)
        board.set_content(montage(pictures))
        save(board.screenshot())
        browser.close()


def montage(pictures: dict[str, bytes]) -> str:
    """The three pictures with their words, as a page."""
    parts = [f"<style>{STYLE}</style>"]
    for name, ((left, top, width, height, look), words) in PLACES.items():
        data = base64.b64encode(pictures[name]).decode()
        parts.append(
            f'<figure class="{look}" style="left:{left}px; top:{top}px; width:{width}px; height:{height}px">'
            f'<img src="data:image/png;base64,{data}"></figure>'
            f'<p style="left:{left - 40}px; width:{width + 80}px">{words}</p>'
        )
    return "".join(parts)


def phone(browser: Browser) -> Page:
    """A page as large as a phone's."""
    size: ViewportSize = {"width": 390, "height": 828}
    context = browser.new_context(viewport=size, device_scale_factor=2, locale="en", is_mobile=True)
    context.set_default_timeout(60_000)
    return context.new_page()


def license_of_company(demo: World, page: Page) -> bytes:
    """A legal representative claims her company and is issued its license; ends with the license open in the wallet."""
    hub, market = demo.sites.hub, demo.sites.market
    register(page, hub, "ouyang.shili")
    prove(page, hub, OUYANG)
    page.goto(f"{hub}/companies")
    page.locator("#code").fill(COMPANY)
    page.locator("main form button").click()
    page.goto(f"{hub}/as")
    page.locator(f"input[value='{COMPANY}']").check()
    page.locator("main form button").click()
    page.goto(f"{market}/sign-in")
    page.locator("input[name=whom]").nth(1).check()
    page.locator("main form button").click()
    page.locator("button[value=agree]").click()
    page.goto(f"{market}/desk")
    page.locator("main form button").click()
    number = page.locator("input[name=number]").input_value()
    page.goto(f"{hub}/wallet/sign-in?next=/wallet/{number}")
    with page.expect_download() as waiting:
        page.locator("main a[download]").click()
    return waiting.value.path().read_bytes()


def drawn(pdf: bytes) -> bytes:
    """The first page of the license."""
    document = pypdfium2.PdfDocument(pdf)
    document.init_forms()  # the red seal is the signature's own field
    return png_of(document[0].render(scale=2.4, may_draw_forms=True).to_pil())


def shot(page: Page) -> bytes:
    """What the phone shows."""
    page.evaluate("scrollTo(0, 0)")
    return page.screenshot()


def answer(demo: World, browser: Browser, pdf: bytes, folder: Path) -> bytes:
    """What a stranger is told about the file."""
    (folder / "license.pdf").write_bytes(pdf)
    context = browser.new_context(viewport={"width": 560, "height": 1120}, device_scale_factor=2, locale="en")
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.goto(demo.sites.verify)
    page.locator("#file").set_input_files(folder / "license.pdf")
    page.locator("#file-form button").click()
    page.locator(".yx-answer:visible").wait_for()
    return page.screenshot()


def png_of(picture: Image.Image) -> bytes:
    """A picture as bytes."""
    kept = io.BytesIO()
    picture.save(kept, "PNG")
    return kept.getvalue()


def save(png: bytes) -> None:
    """Keep the montage, with few colours."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    few = picture.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    few.save(HERE / "story.png", optimize=True)


if __name__ == "__main__":
    main()
