"""The page of a license as PDF/A-3a and PDF/UA-1: the only door to typst.

Everything comes from the record, so that what people read and what programs read cannot differ. The same input gives the same
bytes. The place of the seal stays free: the signature is drawn there.
"""

import json
import re
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import typst

from hub import symbol
from hub.problems import Problem
from licenses.days import chinese, english
from licenses.fields import spelled
from licenses.kinds import Kind
from licenses.model import GlyphMissing, PageFailed, PageFull
from licenses.record import Record, validity
from seals.model import Place
from seals.outline import BOLD

TEMPLATES = Path(__file__).parent / "typst"
STANDARDS: "list[typst.PDFStandard]" = ["a-3a", "ua-1"]
SYSTEM_FONTS = (Path("/usr/share/fonts/truetype/hanazono"),)  # rare characters, if Debian's fonts-hanazono is installed
UNDRAWN = re.compile(r'the text `"(.+?)"` could not be displayed', re.DOTALL)
FULL = re.compile("page-full: ([a-z_]+)")
WORDS: dict[str, Any] = {
    "identifier": "电子证照标识",
    "identifier_en": "E-license identifier",
    "scan": "扫码核验真伪",
    "scan_en": "Scan to verify",
    "annex": "附页 Annex",
    "annexed": {"value": "见附页", "value_en": "See the annex"},
    "code_alt": "核验二维码 Verification code",
    "record": "证照数据 Machine-readable record of this license",
    "note": "本证照以电子文件为准；红色印章即电子签名，点击可查看签名与证书。",
    "note_en": "The electronic file is the original; the red seal is its signature: click to inspect it.",
}


@dataclass(frozen=True)
class Page:
    """A page that waits for its seal, and the place that is kept free for it."""

    pdf: bytes
    seal_place: Place


def draw(record: Record, kind: Kind, code_text: str, *, test_edition: bool, now: datetime) -> Page:
    """Set the page of one license. Raises GlyphMissing, PageFull or PageFailed; never prints a box for a character."""
    inputs = {
        "data": json.dumps(_data(record, kind, test_edition=test_edition), ensure_ascii=False),
        "record": record.json.decode(),
        "code": symbol.svg(code_text),
        "address": code_text,
    }
    pdf = _compiled(TEMPLATES / f"{kind.template}.typ", inputs, now)
    return Page(pdf + b"\n", kind.seal_place)  # PDF/A 6.1.9: an update must begin on a new line


def _data(record: Record, kind: Kind, *, test_edition: bool) -> dict[str, Any]:
    """What the template shows, as text."""
    said = record.data
    issued = date.fromisoformat(said["issueDate"])
    return {
        "title": kind.name,
        "title_en": kind.name_en,
        "edition": kind.edition,
        "edition_en": kind.edition_en,
        "document_title": f"{kind.name} {kind.name_en}",
        "keywords": [said["certificateIdentifier"]],
        "identifier": said["certificateIdentifier"],
        "number": said["certificateNumber"],
        "fields": _fields(kind, said["extendedInformation"], said),
        "agency": {
            "label": kind.agency_label,
            "label_en": kind.agency_label_en,
            "name": said["issuingAuthorityName"],
            "name_en": said["issuingAuthorityNameEn"],
        },
        "issued": chinese(issued),
        "issued_en": english(issued),
        "digest": " ".join(re.findall("." * 8, record.digest.hex())),
        "seal": asdict(kind.seal_place),
        "test": test_edition,
        "words": WORDS,
    }


def _fields(kind: Kind, values: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    shown = {}
    for item in kind.items:
        if item.key not in values:
            continue
        value, value_en = spelled(item.type, values[item.key])
        value_en = values.get(f"{item.key}_en") or dict(item.choices).get(value) or value_en
        shown[item.key] = {"label": item.label, "label_en": item.label_en, "value": value, "value_en": value_en}
    since = date.fromisoformat(said["validFrom"])
    until = date.fromisoformat(said["validUntil"]) if said["validUntil"] else None
    words, words_en = validity(since, until)
    shown["validity"] = {"label": "有效期", "label_en": "Validity", "value": words, "value_en": words_en}
    if "established" in values:
        words, words_en = validity(date.fromisoformat(values["established"]), until)
        shown["term"] = {"label": "营业期限", "label_en": "Term of operation", "value": words, "value_en": words_en}
    return shown


def _compiled(template: Path, inputs: dict[str, str], now: datetime) -> bytes:
    with _turn:  # one compiler, one document at a time; its input is part of its state
        try:
            pdf = _compiler().compile(
                template, format="pdf", sys_inputs=inputs, pdf_standards=STANDARDS, timestamp=int(now.timestamp())
            )
        except RuntimeError as error:  # TypstError, or what its loader says of files
            raise _problem(error) from error
    assert isinstance(pdf, bytes)
    return pdf


def _problem(error: RuntimeError) -> Problem:
    """What a failed page means for whoever asked for it."""
    if found := UNDRAWN.search(str(error)):
        characters = ", ".join(f"{character} (U+{ord(character):04X})" for character in found[1])
        return GlyphMissing("No font of this installation has: %(characters)s", characters=characters)
    if found := FULL.search(str(error)):
        return PageFull("%(field)s does not fit on the page", field=found[1])
    return PageFailed("%(why)s", why=error)


_turn = threading.Lock()


@cache
def _compiler() -> typst.Compiler:
    """One per process, made when the first page is drawn: a compiler does not survive a fork."""
    return typst.Compiler(root=TEMPLATES, font_paths=_fonts())


def _fonts() -> typst.Fonts:
    """Latin comes with typst; Chinese regular from its package, bold from the seals' room, rare characters from Debian."""
    spec = find_spec("pylopdf_fonts_zh_cn")
    if not spec or not spec.origin:
        raise PageFailed("The package pylopdf-fonts-zh-cn is not installed")
    folders = (Path(spec.origin).parent, BOLD.parent, *SYSTEM_FONTS)
    return typst.Fonts(include_system_fonts=False, font_paths=[str(folder) for folder in folders if folder.is_dir()])
