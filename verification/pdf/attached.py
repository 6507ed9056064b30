"""What a license file carries besides its pages: the machine-readable record, the code, revocation data."""

from typing import Any

from asn1crypto import crl, ocsp, x509
from pyhanko.pdf_utils.reader import PdfFileReader

from verification.pdf.chain import Inside

RECORD = "license.json"
MOST_BYTES = 1_000_000  # of a record; ours have about two thousand
MOST_FILES = 20
MOST_PAGES = 500
MOST_EVIDENCE = 40  # certificates, responses and lists in one file; ours hold about ten


def page_count(reader: PdfFileReader) -> int:
    """How many pages the file says it has."""
    return int(reader.root["/Pages"]["/Count"])


def record(reader: PdfFileReader) -> bytes | None:
    """The attached record; None unless there is exactly one file of that name."""
    found = [data for name, data in _files(reader) if name == RECORD]
    return found[0] if len(found) == 1 else None


def links(reader: PdfFileReader) -> tuple[str, ...]:
    """The addresses that the pages link to, in order."""
    found = []
    for page in range(min(page_count(reader), MOST_PAGES)):
        for note in held(_page(reader, page), "/Annots", ()):
            action = held(note.get_object(), "/A", {})
            if held(action, "/S", "") == "/URI":
                found.append(_text(action["/URI"]))
    return tuple(found)


def inside(reader: PdfFileReader) -> Inside:
    """The document security store (ISO 32000-2 12.8.4.3)."""
    store = held(reader.root, "/DSS", None)
    if store is None:
        return Inside()
    return Inside(
        tuple(x509.Certificate.load(one) for one in _streams(store, "/Certs")),
        tuple(ocsp.OCSPResponse.load(one) for one in _streams(store, "/OCSPs")),
        tuple(crl.CertificateList.load(one) for one in _streams(store, "/CRLs")),
    )


def held(dictionary: Any, key: str, default: Any) -> Any:
    """An entry, its reference followed (pyHanko's own `get` gives the reference)."""
    return dictionary[key] if key in dictionary else default  # noqa: SIM401


def _streams(store: Any, name: str) -> list[bytes]:
    return [one.get_object().data for one in list(held(store, name, ()))[:MOST_EVIDENCE]]


def _files(reader: PdfFileReader) -> list[tuple[str, bytes]]:
    tree = held(held(reader.root, "/Names", {}), "/EmbeddedFiles", None)
    found = []
    for name, specification in _leaves(tree)[:MOST_FILES] if tree is not None else ():
        data: bytes = specification.get_object()["/EF"]["/F"].data
        if len(data) <= MOST_BYTES:
            found.append((_text(name), data))
    return found


def _leaves(node: Any, depth: int = 0) -> list[tuple[Any, Any]]:
    """The pairs of a name tree (ISO 32000-1 7.9.6)."""
    if depth > 4:
        return []
    names = held(node, "/Names", ())
    pairs = [(names[at], names[at + 1]) for at in range(0, len(names) - 1, 2)]
    for kid in list(held(node, "/Kids", ()))[:MOST_FILES]:
        pairs += _leaves(kid.get_object(), depth + 1)
    return pairs


def _page(reader: PdfFileReader, number: int) -> Any:
    return reader.find_page_for_modification(number)[0].get_object()


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
