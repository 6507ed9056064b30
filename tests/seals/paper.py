"""Pages and files for the tests of this room."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import typst

TEMPLATE = Path(__file__).parent / "page.typ"
MADE = 1_790_000_000  # a fixed moment, so that the page is always the same bytes


@cache
def page(pages: int = 1, standards: tuple[str, ...] = ("a-3a", "ua-1")) -> bytes:
    """A tagged PDF/A-3a and PDF/UA-1 page with an attachment, as typst writes it."""
    fonts = find_spec("pylopdf_fonts_zh_cn")
    assert fonts is not None
    assert fonts.origin is not None
    compiler = typst.Compiler(str(TEMPLATE), font_paths=[str(Path(fonts.origin).parent)], ignore_system_fonts=True)
    inputs = {"pages": str(pages)}
    return compiler.compile(format="pdf", sys_inputs=inputs, pdf_standards=list(standards), timestamp=MADE)  # type: ignore[arg-type, return-value]


def form_as_pdf(content: bytes, units: int, high: int = 0) -> bytes:
    """A form's content as a page of its own, for looking at."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 %d %d]/Contents 4 0 R/Resources<</ExtGState<</M<</BM/Normal>>>>>>>>"
        % (units, high or units),
        b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
    ]
    out, offsets = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"xref\n0 5\n0000000000 65535 f \n" + table
    return out + b"trailer<</Size 5/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % start
