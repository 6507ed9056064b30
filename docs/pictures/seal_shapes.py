# ruff: noqa: INP001  a program beside its pictures
"""Makes docs/pictures/seals-shapes.png: a sheet of sample seals, drawn by a PDF engine from the form that documents show.

PYTHONPATH=. .venv/bin/python docs/pictures/seal_shapes.py
"""

from pathlib import Path

import pypdfium2
from PIL import Image

from seals.artwork import draw
from seals.model import Centre, Design, Shape
from tests.seals.paper import form_as_pdf

HERE = Path(__file__).parent
CODE, PER_MM, CELL, GAP = "8800000000000", 5, 240, 12
OVAL = {"diameter_mm": 45, "height_mm": 30, "shape": Shape.oval, "centre": Centre.blank, "line": "合同专用章"}
NAMES = (
    "栖云民政",
    "栖云市市场监督管理局",
    "云岚省栖云市望舒区市场监督管理服务所",
    "示范云岚省栖云市望舒区住房和城乡建设局政务服务大厅行政审批处",
)
ROWS: tuple[dict[str, object], ...] = (
    {},
    {"centre": Centre.neutral, "diameter_mm": 45, "line": ""},
    {"second": "QIYUN ADMINISTRATION"},
    OVAL,
    OVAL | {"second": "WANGSHU DEMO CATERING CO."},
    OVAL | {"diameter_mm": 40, "number": "91880101DEM000081U", "line": "发票专用章"},
)


def main() -> None:
    """Draw the sheet."""
    sheet = Image.new("RGB", (len(NAMES) * (CELL + GAP) + GAP, len(ROWS) * (CELL + GAP) + GAP), "white")
    for y, row in enumerate(ROWS):
        for x, name in enumerate(NAMES):
            design = Design(name, CODE, **row)  # type: ignore[arg-type]
            seen = picture(design)
            left, top = GAP + x * (CELL + GAP), GAP + y * (CELL + GAP)
            sheet.paste(seen, (left + (CELL - seen.width) // 2, top + (CELL - seen.height) // 2))
    sheet.quantize(16).save(HERE / "seals-shapes.png", optimize=True)


def picture(design: Design) -> Image.Image:
    """The PDF form of a seal."""
    art = draw(design)
    page = pypdfium2.PdfDocument(form_as_pdf(art.form, art.units, art.high))[0]
    drawn: Image.Image = page.render(scale=design.diameter_mm * PER_MM / art.units).to_pil()
    return drawn.convert("RGB")


if __name__ == "__main__":
    main()
