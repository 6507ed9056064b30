"""PDF files as other people's programs write them, and as somebody writes them who means harm."""

from io import BytesIO
from typing import Any


def pdf(
    *,
    pages: int = 1,
    catalog: bytes = b"",
    page: bytes = b"",
    box: bytes = b"0 0 595 842",
    more: tuple[bytes, ...] = (),
) -> bytes:
    """A plain, untagged file: a line of text on each page. `more` are objects from number 100 on."""
    kids = b" ".join(b"%d 0 R" % (10 + 2 * number) for number in range(pages))
    objects = {
        1: b"<</Type/Catalog/Pages 2 0 R%s>>" % catalog,
        2: b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, pages),
        3: b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    }
    for number in range(pages):
        text = b"BT /F 18 Tf 60 %d Td (Decision no. %d of the market office) Tj ET" % (700, number + 1)
        objects[10 + 2 * number] = (
            b"<</Type/Page/Parent 2 0 R/MediaBox[%s]/Contents %d 0 R/Resources<</Font<</F 3 0 R>>>>%s>>"
            % (box, 11 + 2 * number, page)
        )
        objects[11 + 2 * number] = b"<</Length %d>>stream\n%s\nendstream" % (len(text), text)
    objects |= {100 + number: body for number, body in enumerate(more)}
    return _written(objects)


def _written(objects: dict[int, bytes], start: bytes = b"%PDF-1.7\n%\xc2\xa5\xc2\xb1\n") -> bytes:
    out, offsets = start, {}
    for number, body in sorted(objects.items()):
        offsets[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table, at = b"", len(out)
    for number in range(max(objects) + 1):
        table += b"%010d 00000 n \n" % offsets[number] if number in offsets else b"%010d 65535 f \n" % 0
    size = max(objects) + 1
    return out + b"xref\n0 %d\n%strailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (size, table, size, at)


def changed(data: bytes, text: bytes = b"(Decision no. 1 was changed) Tj") -> bytes:
    """The same file with a second revision, which replaces its first page's text."""
    body = b"BT /F 18 Tf 60 700 Td %s ET" % text
    at = len(data)
    update = b"11 0 obj\n<</Length %d>>stream\n%s\nendstream\nendobj\n" % (len(body), body)
    start = data.rindex(b"startxref")
    previous = int(data[start:].split()[1])
    xref = at + len(update)
    table = b"xref\n11 1\n%010d 00000 n \n" % at
    trailer = b"trailer<</Size 200/Root 1 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n" % (previous, xref)
    return data + update + table + trailer


def encrypted(data: bytes) -> bytes:
    """The same, opened by a password."""
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.pdf_utils.writer import copy_into_new_writer

    writer: Any = copy_into_new_writer(PdfFileReader(BytesIO(data)))
    writer.encrypt("owner", "user")
    out = BytesIO()
    writer.write(out)
    return out.getvalue()
