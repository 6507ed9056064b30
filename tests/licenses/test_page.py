"""The page: what the record says is what people read, and nothing is printed as a box."""

import hashlib
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from licenses import guilloche, kinds, page, record
from licenses.model import GlyphMissing, PageFailed, PageFull
from licenses.page import Page
from licenses.record import Record
from tests.licenses.samples import NOW, SAMPLES, sample

ROOT = Path(__file__).parents[2]
STATIC, CARD = re.findall(r"^    (http\S+#[A-Z2-7]+)$", (ROOT / "docs/flows/code.md").read_text("utf-8"), re.MULTILINE)
LONG = "许可项目：餐饮服务；食品销售；酒类经营。一般项目：外卖递送服务；会议及展览服务；餐饮管理；技术服务、技术开发、技术咨询。"


def drawn(made: Record, slug: str, *, test_edition: bool = True) -> Page:
    kind = kinds.named(slug)
    return page.draw(made, kind, CARD if kind.code_type == "card" else STATIC, test_edition=test_edition, now=NOW)


def picture(pdf: bytes, dpi: int, number: int = 0) -> Image.Image:
    image: Image.Image = pypdfium2.PdfDocument(pdf)[number].render(scale=dpi / 72).to_pil()
    return image


def words(pdf: bytes, number: int = 0) -> str:
    """What copying gives, without line ends."""
    found: str = pypdfium2.PdfDocument(pdf)[number].get_textpage().get_text_bounded()
    return found.replace("\r\n", "")


def bare(text: str) -> str:
    return text.replace(" ", "")


@pytest.fixture(scope="module", params=SAMPLES)
def slug(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def pdf(slug: str) -> bytes:
    return drawn(sample(slug), slug).pdf


def test_the_same_license_gives_the_same_bytes_in_any_process(slug: str, pdf: bytes) -> None:
    assert drawn(sample(slug), slug).pdf == pdf
    program = (
        "import hashlib; from tests.licenses.samples import sample; from tests.licenses.test_page import drawn;"
        f"print(hashlib.sha256(drawn(sample({slug!r}), {slug!r}).pdf).hexdigest())"
    )
    other = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert other.stdout.strip() == hashlib.sha256(pdf).hexdigest()


def test_the_record_is_attached_as_it_is(slug: str, pdf: bytes) -> None:
    document = pypdfium2.PdfDocument(pdf)
    (attached,) = [document.get_attachment(i) for i in range(document.count_attachments())]
    assert (attached.get_name(), bytes(attached.get_data())) == ("license.json", sample(slug).json)


def test_what_the_record_says_is_what_people_copy(slug: str, pdf: bytes) -> None:
    text, data = words(pdf), sample(slug).data
    dates = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
    for value in data["extendedInformation"].values():
        if isinstance(value, str) and not dates.fullmatch(value):
            assert bare(value) in bare(text)
    assert data["certificateIdentifier"] in text
    assert data["issuingAuthorityName"] in text
    assert "2026年11月22日" in text


def test_labels_stand_in_two_languages(slug: str, pdf: bytes) -> None:
    text, kind = words(pdf), kinds.named(slug)
    for item in kind.items:
        if item.key in SAMPLES[slug][0]:
            assert item.label in text
            assert item.label_en in text
    assert bare(kind.name) in bare(text)
    assert bare(kind.name_en.upper()) in bare(text)


def test_dates_and_sums_are_spelled_out() -> None:
    text = words(drawn(sample("business-license"), "business-license").pdf)
    for written in ("人民币伍佰万元整", "CNY 5,000,000", "2019年04月18日至长期", "From 18 April 2019, no end"):
        assert written in text
    assert "2031年11月21日" in words(drawn(sample("food-business-license"), "food-business-license").pdf)


def test_the_code_is_read_from_a_coarse_grey_print(slug: str, pdf: bytes) -> None:
    (found,) = zxingcpp.read_barcodes(picture(pdf, 150).convert("L"))
    assert found.text == (CARD if kinds.named(slug).code_type == "card" else STATIC)


def test_the_code_is_large_enough_and_stands_in_white(pdf: bytes) -> None:
    image = picture(pdf, 300)
    (found,) = zxingcpp.read_barcodes(image)
    corners = found.position
    left, top = corners.top_left.x, corners.top_left.y
    side = corners.top_right.x - left
    assert side / 300 * 25.4 * 1.12 >= 26  # 12 % more with the quiet zone of four modules on each side
    quiet = round(side / 65 * 3.5)
    around = image.crop((left - quiet, top - quiet, left + side + quiet, top - 3))
    assert around.getextrema() == ((255, 255), (255, 255), (255, 255))


def test_the_place_of_the_seal_is_free_but_for_the_date(slug: str, pdf: bytes) -> None:
    """Nothing dark stands under the seal down to its lowest twentieth, which the date crosses."""
    at = kinds.named(slug).seal_place
    radius = at.diameter_mm / 2
    left, right, edge = at.x_mm - radius, at.x_mm + radius, at.y_mm + radius * 0.9
    assert darkest(pdf, left, at.y_mm - radius, right, edge) > 170
    assert darkest(pdf, left, edge, right, at.y_mm + radius * 1.15) < 90


def darkest(pdf: bytes, left: float, top: float, right: float, bottom: float) -> float:
    """The darkest grey in a box of millimetres on the first page."""
    dots = 100 / 25.4
    box = picture(pdf, 100).convert("L").crop((left * dots, top * dots, right * dots, bottom * dots))
    return float(min(box.tobytes()))


def test_a_test_edition_wears_a_red_band_and_others_do_not(slug: str, pdf: bytes) -> None:
    real = drawn(sample(slug), slug, test_edition=False).pdf
    red = (179, 22, 31)
    assert "无法律效力" in words(pdf)
    assert "无法律效力" not in words(real)
    counted = [_top(each).get(red, 0) for each in (pdf, real)]
    assert counted[0] > 2000
    assert counted[1] == 0


def _top(pdf: bytes) -> dict[Any, int]:
    """How often each colour stands at the head of the page."""
    image = picture(pdf, 72)
    head = image.crop((0, 0, image.width, 70))
    return {colour: count for count, colour in head.getcolors(head.width * head.height) or []}


def test_it_can_be_sealed_without_breaking_its_standards(pdf: bytes) -> None:
    assert pdf.endswith(b"%%EOF\n")  # PDF/A 6.1.9: an update begins on a new line
    assert pdf.count(b"/Tabs/S") == len(pypdfium2.PdfDocument(pdf))  # PDF/UA 7.18.3: before the seal's widget is added
    assert b"/MarkInfo" in pdf
    assert b"pdfaid" in pdf
    assert b"pdfuaid" in pdf


def test_it_is_small(pdf: bytes) -> None:
    assert len(pdf) < 120_000


def test_names_of_people_stand_only_where_they_are_read() -> None:
    """A file's title and keywords show up in lists of files and in search machines."""
    about = pypdfium2.PdfDocument(drawn(sample("residence-permit"), "residence-permit").pdf).get_metadata_dict()
    assert about["Title"] == "居住证 Residence Permit"
    assert "示例甲" not in json.dumps(about, ensure_ascii=False)


@pytest.mark.parametrize("name", ["示䶮", "示\U0002cc56", "买买提示例·阿卜杜示例", "示例" * 25])
def test_rare_and_long_names_are_printed_whole(name: str) -> None:
    made = drawn(sample("residence-permit", name=name), "residence-permit").pdf
    assert name in words(made)
    assert len(pypdfium2.PdfDocument(made)) == 1


@pytest.mark.skipif(not page.SYSTEM_FONTS[0].is_dir(), reason="fonts-hanazono is not installed")
def test_a_name_beyond_the_common_fonts_is_printed_with_a_third() -> None:
    assert "示\U00020021" in words(drawn(sample("residence-permit", name="示\U00020021"), "residence-permit").pdf)


@pytest.mark.parametrize("name", ["示\U000323af", "示\ufdfd"])
def test_a_character_that_no_font_has_is_named(name: str) -> None:
    with pytest.raises(GlyphMissing, match=f"U\\+{ord(name[1]):04X}"):
        drawn(sample("residence-permit", name=name), "residence-permit")


@pytest.mark.parametrize(
    "text", ['#panic("x") $a$ *b* _c_ `d`', "= 标题 <label> @ref", "\\u{41} // 注释 /* x */", "</svg><x>&amp;"]
)
def test_text_is_never_markup(text: str) -> None:
    made = drawn(sample("business-license", domicile=text, domicile_en=None), "business-license").pdf
    assert bare(text) in bare(words(made))


def test_a_long_scope_moves_to_an_annex_and_the_page_says_so() -> None:
    made = drawn(sample("business-license", scope=LONG * 20), "business-license").pdf
    assert len(pypdfium2.PdfDocument(made)) == 2
    assert "见附页See the annex" in words(made)
    assert LONG * 20 in words(made, 1)
    assert "2.999.11880000DEM000014J001" in words(made, 1)
    assert "无法律效力" in words(made, 1)


def test_a_scope_of_usual_length_stays_on_the_page() -> None:
    made = drawn(sample("business-license", scope=LONG * 5), "business-license").pdf
    assert LONG * 5 in words(made)
    assert len(pypdfium2.PdfDocument(made)) == 1


def test_the_longest_data_that_a_kind_allows_are_printed(slug: str) -> None:
    """Whatever `check` lets through has its place, on the page or on the annex."""
    kind, changed = kinds.named(slug), {}
    for item in kind.items:
        if item.type in ("text", "name"):
            changed[item.key] = "汐" * item.max
            if item.english:
                changed[f"{item.key}_en"] = ("Demonstration " * 200)[: item.max * 3].strip()
    made = drawn(sample(slug, **changed), slug).pdf
    pages = [words(made, number) for number in range(len(pypdfium2.PdfDocument(made)))]
    everything = bare("".join(pages)).replace(bare("样例 TEST EDITION 无法律效力"), "")
    assert all(bare(value) in everything for value in changed.values())


def test_an_agency_that_fits_nowhere_is_refused() -> None:
    data = sample("business-license").data | {"issuingAuthorityName": "局" * 400}
    with pytest.raises(PageFull, match="agency"):
        drawn(Record(record.canonical(data), bytes(32)), "business-license")


def test_a_page_that_cannot_be_set_is_a_problem_in_words() -> None:
    kind = replace(kinds.named("business-license"), template="nothing")
    with pytest.raises(PageFailed, match="No such file"):
        page.draw(sample("business-license"), kind, CARD, test_edition=True, now=NOW)


def test_the_drawn_sheets_are_those_that_the_curves_give() -> None:
    for sheet in guilloche.SHEETS:
        assert (guilloche.FOLDER / f"{sheet.name}.svg").read_text("utf-8") == guilloche.draw(sheet)
        assert (guilloche.FOLDER / f"{sheet.name}_device.svg").read_text("utf-8") == guilloche.device(sheet.palette)


def test_a_curve_has_no_corners() -> None:
    """Each piece leaves its end in the direction in which the next one begins."""
    path = guilloche.rose(0, 0, 50, 8, 30, 7)
    points = [float(number) for number in re.findall(r"-?[0-9.]+", path)]
    pieces = list(zip(*[iter(points[2:])] * 6, strict=True))
    for before, after in pairwise(pieces):
        into = complex(before[4] - before[2], before[5] - before[3])
        out = complex(after[0] - before[4], after[1] - before[5])
        assert abs(into - out) < 0.05


def test_the_process_may_fork_before_the_first_page() -> None:
    """The compiler is made with the first page, never at import: it would not survive a fork."""
    program = "import licenses.page as page, os; print(page._compiler.cache_info().currsize)"
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True, env=os.environ
    )
    assert run.stdout.strip() == "0"
