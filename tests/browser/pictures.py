"""Pictures of pages for docs/gallery, small enough for a repository. Taken only when YINXIN_GALLERY is set (`make gallery`)."""

import io
import os
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

from tests.house.source import ROOT

FOLDER = ROOT / "docs/gallery"
WIDTHS = {"phone": 360, "desk": 720}  # pixels
HIGHEST = 2400  # of a picture; what is longer is cut off
COLOURS = 32
LANGUAGES = {"zh-Hans": "中文", "en": "English"}


def wanted() -> bool:
    """Whether pictures are to be taken in this run."""
    return bool(os.environ.get("YINXIN_GALLERY"))


def take(page: Page, title: str, language: str, size: str) -> None:
    """Save what the page looks like, if that is wanted."""
    if not wanted():
        return
    picture = Image.open(io.BytesIO(page.screenshot(full_page=True, animations="disabled"))).convert("RGB")
    width = WIDTHS[size]
    picture = picture.resize((width, round(picture.height * width / picture.width)), Image.Resampling.LANCZOS)
    picture = picture.crop((0, 0, width, min(picture.height, HIGHEST)))
    path = _path(title, language, size)
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


def index(titles: list[str]) -> None:
    """Write the page that shows all pictures, if pictures were taken."""
    if not wanted():
        return
    lines = [
        "# Gallery",
        "",
        "<!-- Made by `make gallery`. -->",
        "",
        "Every page of identity as a citizen sees it, on a phone and on a desk, in both languages. Each of them is judged by the",
        "tests that take the pictures: axe-core, 320 px, text of twice the size, keyboard alone, without JavaScript.",
        "",
    ]
    for title in titles:
        lines += [f"## {title}", ""]
        for language, name in LANGUAGES.items():
            pictures = [_path(title, language, size) for size in WIDTHS]
            shown = " ".join(
                f'<img src="{path.relative_to(FOLDER)}" alt="{title}, {name}, {size}" width="{width // 2}">'
                for path, (size, width) in zip(pictures, WIDTHS.items(), strict=True)
                if path.exists()
            )
            lines += [shown, ""]
    (FOLDER / "README.md").write_text("\n".join(lines), encoding="utf-8")


def _path(title: str, language: str, size: str) -> Path:
    return FOLDER / language / f"{title}-{size}.png"
