"""The caged process for strangers' documents (`hub.caged`), which are read and laid out there.

It is given bytes and certificates, never a key: what comes back is a file with a hole, which is signed here.
"""

import hashlib
import importlib
import json
from base64 import b64decode, b64encode
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from hub import caged
from hub.caged import Broken, Caged, Occupied
from hub.problems import Problem
from seals import cms
from seals.model import Evidence, Place, SealingFailed, SealMaterial, SealUse, Ticket
from seals.model.document import NotSealable, Page, ReaderBusy

SECONDS = 10.0  # of waiting, and of computing, for one document; most take 0.1
MEMORY = 1_500_000_000  # of address space: the libraries, one file of 20 MB read and written, one picture of 5 million pixels
TURNS = 200


class Cage(Caged):
    """One caged process, started when first needed. Threads take turns."""

    def __init__(self, seconds: float = SECONDS) -> None:
        super().__init__("seals.cage", seconds=seconds, turns=TURNS)

    def read(self, data: bytes) -> tuple[bytes, tuple[Page, ...]]:
        """The document as it will be sealed, and its pages. Raises NotSealable, ReaderBusy."""
        said, clean = self._ask({"do": "read"}, data)
        return clean, tuple(Page(*page) for page in said["pages"])

    def picture(self, pdf: bytes, page: int, width: int) -> bytes:
        """A page as PNG."""
        return self._ask({"do": "picture", "page": page, "width": width}, pdf)[1]

    def prepare(
        self, pdf: bytes, material: SealMaterial, use: SealUse, place: Place | None, evidence: Evidence
    ) -> Ticket:
        """`sealing.prepare_document` over there. The digest that will be signed is counted here. Raises NotSealable."""
        use.open()
        if use.seal != material.seal:
            raise SealingFailed("The use %(use)s is for another seal", use=use.id)
        question = {"do": "prepare", "use": use.id, **_told(material, place, evidence)}
        said, prepared = self._ask(question, pdf)
        start, end = said["hole"]
        if not prepared.startswith(pdf) or set(prepared[start:end]) != {0x30}:
            raise SealingFailed("The document was not laid out as it came")
        template = cms.template(material.chain)
        signed = prepared[: start - 1] + prepared[end + 1 :]
        attributes = template.attributes(hashlib.new(template.scheme.hash, signed).digest())
        return Ticket(use, material, evidence, prepared, (start, end), attributes)

    def _ask(self, question: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bytes]:
        try:
            said, made = self.exchange(question, data, lambda told, made: (json.loads(told), made))
        except Occupied:
            raise ReaderBusy from None
        except Broken as error:
            raise NotSealable("It is damaged, or takes too long to read") from error
        if "refused" in said:
            raise NotSealable(said["refused"], **said["values"])
        return said, made


def _told(material: SealMaterial, place: Place | None, evidence: Evidence) -> dict[str, Any]:
    """What may be known over there: nothing of it is a secret."""
    return {
        "seal": material.seal,
        "label": material.label,
        "chain": _texts(material.chain),
        "form": b64encode(material.form).decode(),
        "size": [material.units, material.height],
        "algorithm": material.algorithm,
        "place": asdict(place) if place else None,
        "at": evidence.at.isoformat(),
        "stamp": evidence.stamp is not None,
        **{name: _texts(getattr(evidence, name)) for name in ("certificates", "ocsps", "crls")},
    }


def _texts(many: tuple[bytes, ...]) -> list[str]:
    return [b64encode(one).decode() for one in many]


CAGE = Cage()  # of this process


# -- over there


def _load() -> None:
    for name in ("seals.sealing", "seals.sealing_document", "seals.picture", "PIL.PngImagePlugin"):
        importlib.import_module(name)


def _answer(asked: dict[str, Any], data: bytes) -> tuple[str, bytes]:
    try:
        said, made = _done(asked, data)
    except Problem as problem:
        said, made = {"refused": problem.message or problem.title, "values": problem.values}, b""
    return json.dumps(said), made


def _done(asked: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bytes]:
    from seals import picture, sealing, sealing_document

    if asked["do"] == "read":
        clean, pages = sealing_document.read(data)
        return {"pages": [[page.wide_mm, page.high_mm] for page in pages]}, clean
    if asked["do"] == "picture":
        return {}, picture.picture(data, asked["page"], asked["width"])
    material, evidence = _material(asked), _evidence(asked)
    wanted = Place(**asked["place"]) if asked["place"] else None
    place, turned = sealing_document.laid(data, wanted, material)
    now = evidence.at
    use = SealUse(asked["use"], asked["seal"], "", "", bytes(32), "", "", now)
    ticket = sealing.prepare_document(data, turned, use, place, evidence)
    return {"hole": ticket.hole}, ticket.prepared


def _material(asked: dict[str, Any]) -> SealMaterial:
    units, height = asked["size"]
    chain = tuple(b64decode(one) for one in asked["chain"])
    form = b64decode(asked["form"])
    known = SealMaterial(asked["seal"], asked["label"], chain, bytes, form, units)
    return replace(known, algorithm=asked["algorithm"], height=height)


def _evidence(asked: dict[str, Any]) -> Evidence:
    certificates, ocsps, crls = (
        tuple(b64decode(one) for one in asked[name]) for name in ("certificates", "ocsps", "crls")
    )
    at = datetime.fromisoformat(asked["at"])
    return Evidence(at, certificates, ocsps, crls, stamp=bytes if asked["stamp"] else None)


if __name__ == "__main__":
    caged.serve(_answer, load=_load, memory=MEMORY, seconds=SECONDS)
