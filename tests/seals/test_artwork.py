"""The drawn seal: every design fits inside its ring, nothing touches, the same design gives the same bytes."""

import math
import re
from concurrent.futures import ThreadPoolExecutor

import pypdfium2
import pytest
from fontTools.ttLib import TTFont
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from seals import artwork, outline
from seals.artwork import circle, oval
from seals.artwork.sheet import UNITS_PER_MM, Sheet
from seals.model import MEASURES, BadSeal, Centre, Design, SealGlyphMissing, Shape
from tests.seals.paper import form_as_pdf

CODE = "8801010000017"
NAMES = [
    "税务总局",
    "栖云市民政局",
    "栖云市市场监管局",
    "栖云市市场监督管理局",
    "示范国家数据共享服务管理中心",
    "云岚省栖云市望舒区市场监督管理局行政审批服务科",
    "示范云岚省栖云市望舒区住房和城乡建设局政务服务大厅行政审批处",
]
HANZI = st.sampled_from("示范云岚省栖市望舒区场监督管理局行政审批服务住房和城乡建设澜海汐民一二三")


def picture(design: Design, pixels: int = 420) -> Image.Image:
    """The PDF form, drawn by a PDF engine, in grey."""
    art = artwork.draw(design)
    page = pypdfium2.PdfDocument(form_as_pdf(art.form, art.units))[0]
    drawn: Image.Image = page.render(scale=pixels / art.units).to_pil()
    return drawn.convert("L")


def ink_at(image: Image.Image, radius: float, degrees: float) -> bool:
    """Whether there is colour at a part of the radius, seen from the top clockwise."""
    half, at = image.width / 2, math.radians(degrees)
    x, y = int(half + half * radius * math.sin(at)), int(half - half * radius * math.cos(at))
    return image.tobytes()[y * image.width + x] < 200


def points(art_svg: str) -> list[tuple[int, int]]:
    numbers = [int(number) for path in re.findall(r' d="([^"]+)"', art_svg) for number in re.findall(r"-?\d+", path)]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


@pytest.mark.parametrize("name", NAMES, ids=len)
def test_nothing_leaves_the_ring_and_the_ring_is_whole(name: str) -> None:
    art = artwork.draw(Design(name, CODE))
    assert all(0 <= x <= art.units and 0 <= y <= art.units for x, y in points(art.svg))
    image = picture(Design(name, CODE))
    assert all(ink_at(image, 0.973, degrees) for degrees in range(0, 360, 2))
    assert not any(ink_at(image, 0.925, degrees) for degrees in range(0, 360, 2)), "something touches the ring"


@pytest.mark.parametrize("name", NAMES, ids=len)
def test_the_name_is_balanced_and_keeps_clear_of_code_and_line(name: str) -> None:
    image = picture(Design(name, CODE))
    inked = [degrees for degrees in range(-180, 180) if any(ink_at(image, r, degrees) for r in (0.72, 0.76, 0.80))]
    upper = [degrees for degrees in inked if abs(degrees) < 150]
    assert abs(max(upper) + min(upper)) <= 8, "the name hangs to one side"
    between = [degrees for degrees in range(148, 152) if ink_at(image, 0.82, degrees)]
    assert not between, "the name runs into the code"


@pytest.mark.parametrize("length", range(4, 31))
def test_every_length_leaves_room_for_the_line_and_spaces_the_characters(length: int) -> None:
    sheet = Sheet(2100, 4200, 4200)
    end, inner = circle._name(sheet, "示" * length)
    em, y = circle._room(7, circle.STAR * math.cos(math.radians(36)), end, inner)
    assert em >= 0.55 * circle.LINE_EM
    assert y - em / 2 > circle.STAR * 0.8
    assert 45 < end < 150


def test_sizes_are_true_millimetres() -> None:
    for mm in (38, 42, 50, 60):
        art = artwork.draw(Design("栖云市市场监管局", CODE, diameter_mm=mm))
        assert art.units == mm * UNITS_PER_MM
        assert f'width="{mm}mm"' in art.svg


def test_the_same_design_gives_the_same_bytes() -> None:
    design = Design("栖云市市场监管局", CODE)
    first = artwork.draw(design)
    outline.glyph.cache_clear()
    assert artwork.draw(design) == first


def test_many_may_draw_at_once() -> None:
    outline.glyph.cache_clear()
    outline._bold.cache_clear()
    designs = [Design(name, CODE) for name in NAMES] * 4
    with ThreadPoolExecutor(8) as pool:
        drawn = list(pool.map(artwork.draw, designs))
    assert len({art.svg for art in drawn}) == len(NAMES)


def test_one_other_digit_is_another_picture() -> None:
    assert artwork.draw(Design("栖云市市场监管局", CODE)) != artwork.draw(Design("栖云市市场监管局", "8801010000018"))


def test_no_font_is_needed_afterwards() -> None:
    art = artwork.draw(Design("栖云市市场监管局", CODE))
    assert not any(word in art.svg for word in ("<text", "font"))
    assert not any(word in art.form for word in (b"Tf", b"BT"))


def test_the_picture_has_a_title_for_screen_readers_and_is_escaped() -> None:
    assert "<title>甲&amp;&lt;乙丙 电子证照专用章</title>" in artwork.draw(Design("甲&<乙丙", CODE)).svg


def test_the_neutral_device_says_demo_and_is_no_star() -> None:
    star, neutral = (
        artwork.draw(Design("栖云市人民政府", CODE, centre=centre)) for centre in (Centre.star, Centre.neutral)
    )
    assert star.form != neutral.form
    image = picture(Design("栖云市人民政府", CODE, centre=Centre.neutral))
    assert all(ink_at(image, circle.ROUNDEL * 0.965, degrees) for degrees in range(0, 360, 15))


def test_a_rare_character_comes_from_the_regular_font_and_is_thickened() -> None:
    assert [outline.glyph(character).thin for character in "䶮示"] == [True, False]
    assert b" w\n" in artwork.draw(Design("示䶮村委会", CODE)).form
    assert b" w\n" not in artwork.draw(Design("示范村委会", CODE)).form


def test_a_character_that_no_font_has_is_named() -> None:
    with pytest.raises(SealGlyphMissing) as refusal:
        artwork.draw(Design("示\ue863村委会", CODE))
    assert "U+E863" in refusal.value.detail


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "税务局"},
        {"name": "示" * 31},
        {"name": "税务 总局"},
        {"code13": "880101000001"},
        {"code13": "88010100000171"},
        {"code13": "88010100000١7"},
        {"code13": "880101000001A"},
        {"diameter_mm": 37},
        {"diameter_mm": 61},
        {"line": "一二三四五六七八九十一二三"},
    ],
)
def test_a_design_outside_of_the_rules_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BadSeal):
        Design(**{"name": "栖云市市场监管局", "code13": CODE} | wrong)  # type: ignore[arg-type]


@given(name=st.text(HANZI, min_size=4, max_size=30), mm=st.integers(38, 60), line=st.text(HANZI, max_size=12))
@settings(max_examples=40, deadline=None)
def test_any_name_and_line_can_be_drawn(name: str, mm: int, line: str) -> None:
    art = artwork.draw(Design(name, CODE, line, mm))
    assert all(0 <= x <= art.units and 0 <= y <= art.units for x, y in points(art.svg))


OVAL = {"diameter_mm": 45, "height_mm": 30, "shape": Shape.oval, "centre": Centre.blank, "line": "合同专用章"}
INVOICE = OVAL | {"diameter_mm": 40, "number": "91880101DEM000081U", "line": "发票专用章"}


def oval_of(name: str, **more: object) -> Design:
    return Design(name, CODE, **OVAL | more)  # type: ignore[arg-type]


@pytest.mark.parametrize("length", range(4, 31))
@pytest.mark.parametrize("kind", [OVAL, INVOICE], ids=["45x30", "40x30"])
def test_an_oval_holds_every_length_inside_its_ring(kind: dict[str, object], length: int) -> None:
    design = Design("示" * length, CODE, **kind)  # type: ignore[arg-type]
    sheet = oval.draw(design)
    across, down = (design.diameter_mm / 2 - oval.RING) * UNITS_PER_MM, (15 - oval.RING) * UNITS_PER_MM
    rings = 2 * 6  # each ring: a start, four curves, an end
    inside = [
        ((x - sheet.wide / 2) / across) ** 2 + ((y - sheet.high / 2) / down) ** 2
        for _, points in sheet.filled[rings:]
        for x, y in points
    ]
    assert max(inside) < 0.985, "something touches the ring"
    tall, step, _ = oval._spread(length, 20, 12)
    assert tall >= oval.LOWEST - 0.1
    assert step > 1.2


def test_an_oval_is_true_millimetres_in_both_forms() -> None:
    art = artwork.draw(oval_of("栖云市市场监管局"))
    assert (art.units, art.height, art.high) == (45 * UNITS_PER_MM, 30 * UNITS_PER_MM, 30 * UNITS_PER_MM)
    assert 'width="45mm" height="30mm" viewBox="0 0 3600 2400"' in art.svg
    assert artwork.draw(Design("栖云市市场监管局", CODE)).height == 0


def test_the_number_of_an_invoice_seal_is_3_7_mm_tall_in_its_middle() -> None:
    sheet = Sheet(UNITS_PER_MM, 3200, 2400)
    oval._number(sheet, "0" * 18)
    heights = [y for _, points in sheet.filled for _, y in points]
    assert (max(heights) - min(heights)) / UNITS_PER_MM == pytest.approx(3.7, abs=0.25)
    assert (max(heights) + min(heights)) / 2 == pytest.approx(1200, abs=60)


def test_a_second_script_stands_under_the_name_and_clear_of_the_device() -> None:
    plain, both = Design("栖云市民政局", CODE), Design("栖云市民政局", CODE, second="QIYUN CIVIL AFFAIRS")
    assert artwork.draw(plain).form != artwork.draw(both).form
    image = picture(both)
    assert any(ink_at(image, 0.50, degrees) for degrees in range(-60, 60))
    assert not any(ink_at(image, 0.40, degrees) for degrees in range(0, 360, 4)), "it touches the star"


@pytest.mark.parametrize("second", ["QIYUN", "Цюнь", "Qi-Yun 1"])
def test_letters_that_stand_apart_can_be_drawn(second: str) -> None:
    assert artwork.draw(oval_of("栖云市民政局", second=second)).form


@pytest.mark.parametrize("second", ["བོད", "ئۇيغۇر", "ᠮᠣᠩᠭᠣᠯ", "x" * 41, " x"])
def test_joined_letters_are_refused_with_words(second: str) -> None:
    with pytest.raises(BadSeal):
        Design("栖云市民政局", CODE, second=second)


@pytest.mark.parametrize(
    "wrong",
    [
        {"height_mm": 40},
        {"diameter_mm": 44},
        {"centre": Centre.star},
        {"centre": Centre.neutral},
        {"number": "91880101DEM000081U"},
        {"diameter_mm": 40},
        {"diameter_mm": 40, "number": "91880101DEM00008"},
        {"diameter_mm": 40, "number": "91880101dem000081u"},
        {"diameter_mm": 40, "number": "91880101DEM000081U", "second": "QIYUN"},
    ],
)
def test_an_oval_outside_of_the_rules_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BadSeal):
        oval_of("栖云市民政局", **wrong)


@pytest.mark.parametrize("wrong", [{"centre": Centre.blank}, {"height_mm": 30}, {"number": "9" * 18}])
def test_a_round_seal_outside_of_the_rules_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BadSeal):
        Design("栖云市民政局", CODE, **wrong)  # type: ignore[arg-type]


def test_every_measure_can_be_drawn_and_none_has_an_emblem() -> None:
    for key, size in MEASURES.items():
        number = "91880101DEM000081U" if key == "invoice" else ""
        design = Design(
            "栖云市民政局", CODE, "", size.diameter_mm, size.centre, size.shape, size.height_mm, number=number
        )
        assert artwork.draw(design).units == size.diameter_mm * UNITS_PER_MM
    assert {centre.value for centre in Centre} == {"star", "neutral", "blank"}


def test_the_font_file_covers_gb_2312_and_brings_its_licence() -> None:
    covered = TTFont(outline.BOLD, lazy=True).getBestCmap()
    rows = [(row, cell) for row in range(0xB0, 0xF8) for cell in range(0xA1, 0xFF)]
    wanted = [bytes(place).decode("gb2312", "ignore") for place in rows]
    assert all(ord(character) in covered for character in wanted if character)
    assert "SIL OPEN FONT LICENSE" in (outline.BOLD.parent / "OFL.txt").read_text()
