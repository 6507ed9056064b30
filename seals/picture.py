"""A page of a document as a picture, for looking at before it is sealed. The door of PDFium; it runs in `cage` only."""

from io import BytesIO

import pypdfium2

MOST_PIXELS = 2200  # of a side


def picture(pdf: bytes, page: int, width: int) -> bytes:
    """The page, `width` pixels wide, as PNG."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        document.init_forms()  # the seal is a field of the document
        one = document[page - 1]
        wide, high = one.get_size()
        scale = min(width / wide, MOST_PIXELS / high, MOST_PIXELS / wide)
        drawn = one.render(scale=scale).to_pil()
    finally:
        document.close()
    out = BytesIO()
    drawn.convert("P", colors=128).save(out, "PNG")
    return out.getvalue()
