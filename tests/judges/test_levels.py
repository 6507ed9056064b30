"""EU DSS, veraPDF, poppler, qpdf and MuPDF on a document sealed at every level with each kind of key."""

import shutil
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA384
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from certs.model import Reason
from certs.schemes import SCHEMES
from hub import clock
from hub.house import House
from seals import lifecycle, material, sealing
from seals.model import Evidence, SealUse
from tests.judges import papers
from tests.judges.conftest import Dss, Judge
from tests.judges.papers import LEVELS, Papers
from tests.seals import judge
from tests.seals.paper import page

OFFLINE = [layout for layout, (_, whole) in LEVELS.items() if whole]
WITH_LISTS = [layout for layout, (_, whole) in LEVELS.items() if not whole]


# -- EU DSS, with a policy that fails on breaches of DocMDP and on undefined changes


@pytest.mark.parametrize(("layouts", "known"), [(OFFLINE, False), (WITH_LISTS, True)], ids=["offline", "with-lists"])
def test_dss_passes_every_level_and_kind_of_key(sealed: Papers, dss: Dss, layouts: list[str], *, known: bool) -> None:
    files = sealed.named(*layouts)
    found = dss(*files, root=sealed.root, known=sealed.known if known else ())
    assert {ruling.indication for ruling in found.values()} == {"TOTAL_PASSED"}, found
    assert not [ruling for ruling in found.values() if ruling.words]
    levels = {name: ruling.level for name, ruling in found.items()}
    wanted = {f"{kind}-{layout}.pdf": f"PAdES-BASELINE-{LEVELS[layout][0]}" for kind in SCHEMES for layout in layouts}
    assert levels == wanted


def changed(pdf: bytes, at: int) -> bytes:
    return pdf[:at] + bytes([pdf[at] ^ 1]) + pdf[at + 1 :]


def with_note(pdf: bytes) -> bytes:
    """The document with a note on its page, in a further revision."""
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    page = writer.find_page_for_modification(0)[0].get_object()
    name = generic.pdf_name
    note = {
        name("/Type"): name("/Annot"), name("/Subtype"): name("/FreeText"), name("/F"): generic.NumberObject(4),
        name("/Contents"): generic.TextStringObject("Void"), name("/DA"): generic.TextStringObject("/Helv 30 Tf"),
        name("/Rect"): generic.ArrayObject([generic.NumberObject(side) for side in (50, 50, 400, 300)]),
    }  # fmt: skip
    page["/Annots"].append(writer.add_object(generic.DictionaryObject(note)))
    writer.update_container(page["/Annots"])
    writer.mark_update(page.container_ref)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def namesake(root: Path, folder: Path) -> Path:
    """A root of the same name, with somebody else's key."""
    name = x509.load_der_x509_certificate(root.read_bytes()).subject
    key = ec.generate_private_key(ec.SECP384R1())
    since, until = datetime(2026, 1, 1, tzinfo=UTC), datetime(2046, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 7, since, until)
    made = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    (folder / "namesake.der").write_bytes(made.sign(key, SHA384()).public_bytes(Encoding.DER))
    return folder / "namesake.der"


def test_dss_can_say_no(sealed: Papers, dss: Dss, tmp_path: Path) -> None:
    good = sealed.files["P-256-one-revision"].read_bytes()
    (tmp_path / "changed.pdf").write_bytes(changed(good, good.index(b"/MediaBox") + 14))
    (tmp_path / "note.pdf").write_bytes(with_note(good))
    found = dss(tmp_path / "changed.pdf", tmp_path / "note.pdf", root=sealed.root)
    assert {ruling.indication for ruling in found.values()} == {"TOTAL_FAILED"}, found
    (ruling,) = dss(sealed.files["P-256-one-revision"], root=namesake(sealed.root, tmp_path)).values()
    assert (ruling.indication, ruling.sub) == ("INDETERMINATE", "NO_CERTIFICATE_CHAIN_FOUND")


def test_dss_sees_that_a_seal_was_revoked(judged: House, dss: Dss, tmp_path: Path) -> None:
    now = clock.now()
    seal = lifecycle.make_seal(judged, papers.AGENCY, by="test", now=now, code13="8801010000093")
    tool, _ = material.for_seal(judged, seal, now)
    use = SealUse("u", seal.id, "g", "judged", bytes(32), "test", "test", now)
    done = sealing.seal_once(sealing.prepare(page(), tool, use, papers.PLACE, Evidence(now)))
    (tmp_path / "sealed.pdf").write_bytes(done.pdf)
    lifecycle.cancel(
        judged, seal.id, cause=Reason.key_compromise, reason="stolen", by="test", now=now, invalid_from=now
    )
    root, known = papers.published(judged, clock.now(), tmp_path)
    (ruling,) = dss(tmp_path / "sealed.pdf", root=root, known=known).values()
    assert (ruling.indication, ruling.sub) == ("INDETERMINATE", "REVOKED_NO_POE")


# -- veraPDF: no level costs the document what it is


def test_every_level_stays_an_archive_file_that_everyone_can_read(sealed: Papers, verapdf: Judge) -> None:
    files = [*sealed.named("one-revision", "one-revision-archive"), *(sealed.files[f"P-256-{name}"] for name in LEVELS)]
    found = verapdf(*dict.fromkeys(files))
    assert not {asked: rules for asked, rules in found.items() if rules}


# -- what people open it with


@pytest.mark.parametrize("algorithm", SCHEMES)
def test_poppler_calls_every_seal_valid(sealed: Papers, algorithm: str) -> None:
    for layout, (level, _) in LEVELS.items():
        said = judge.tool("pdfsig", "-nocert", sealed.files[f"{algorithm}-{layout}"])
        own = said.partition("Signature #2")[0]
        assert "Signature is Valid" in own, (layout, said)
        assert ("Not total document signed" in own) == (level in {"LT", "LTA"}), (layout, said)


def test_poppler_can_say_no(sealed: Papers, tmp_path: Path) -> None:
    good = sealed.files["P-256-one-revision"].read_bytes()
    (tmp_path / "changed.pdf").write_bytes(changed(good, good.index(b"/MediaBox") + 14))
    assert "Digest Mismatch" in judge.tool("pdfsig", "-nocert", tmp_path / "changed.pdf")


def test_qpdf_finds_nothing_and_can_say_no(sealed: Papers, tmp_path: Path) -> None:
    for file in sealed.files.values():
        assert judge.tool("qpdf", "--check", file).endswith("exit 0"), file.name
    good = sealed.files["P-256-archive"].read_bytes()
    (tmp_path / "torn.pdf").write_bytes(good.replace(b"startxref\n", b"startxref\n1", 1)[:-30])
    assert not judge.tool("qpdf", "--check", tmp_path / "torn.pdf").endswith("exit 0")


def test_mupdf_draws_it_and_sees_whether_it_was_changed(sealed: Papers, tmp_path: Path) -> None:
    assert shutil.which("mutool"), "mutool is missing: run `deploy/setup.sh judges`"
    for layout in LEVELS:
        drawn = judge.tool("mutool", "draw", "-o", "/dev/null", "-F", "png", sealed.files[f"P-256-{layout}"])
        said = drawn.replace("warning: ICC support is not available\n", "")  # how Debian builds it
        assert not {"error", "warning"} & set(said.replace(":", " ").split()), drawn
    whole, later = sealed.files["P-256-one-revision"], sealed.files["P-256-one-revision-archive"]
    assert "unchanged since signing" in judge.tool("mutool", "sign", "-v", whole)
    assert "edits since signing" in judge.tool(
        "mutool", "sign", "-v", later
    )  # it counts evidence too, as some viewers do
    good = whole.read_bytes()
    (tmp_path / "changed.pdf").write_bytes(changed(good, good.index(b"/MediaBox") + 14))
    said = judge.tool("mutool", "sign", "-v", tmp_path / "changed.pdf")
    assert "unchanged since signing" not in said
