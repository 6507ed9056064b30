"""Any document: read in a cage, looked at, sealed once at the place that was chosen."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hub import asked, ledger
from hub.callers import Caller
from hub.problems import BadRequest, TooLarge
from seals import cage, documents, lifecycle, material, seal_document, store
from seals.cage import Cage
from seals.model import NeedsCustodian, NoGrant, SealNotInForce, SealUnknown, UseState
from seals.model.document import (
    DocumentBusy,
    KeySpent,
    NotSealable,
    NotSealedYet,
    Page,
    SealedAlready,
    Spot,
    State,
    place_of,
)
from seals.store import documents as rows
from tests.seals import foreign
from tests.seals.conftest import CALLER, Office
from tests.seals.paper import page as our_page

A4 = Page(210, 297)


def uploaded(office: Office, data: bytes | None = None, **given: Any) -> Any:
    values: dict[str, Any] = {"name": "决定 7.pdf", "seal": office.seal.id, "kind": "decision", "caller": CALLER}
    return documents.upload(office.house, data or foreign.pdf(), **{"now": office.now} | values | given)


def test_an_uploaded_document_is_sealed_at_its_place(office_on: Office) -> None:
    data = foreign.pdf(pages=2)
    document = uploaded(office_on, data)
    assert (document.state, len(document.pages), document.spot.page) == (State.uploaded, 2, 2)
    done = seal_document.seal(office_on.house, document.id, caller=CALLER, now=office_on.now)
    pdf = documents.file(office_on.house, done)
    assert pdf.startswith(data), "what was uploaded is what was sealed, byte for byte"
    assert hashlib.sha256(pdf).hexdigest() == done.sealed
    assert (done.state, done.level, done.missing) == (State.sealed, "B-T", ())
    with office_on.house.database.read() as db:
        used = store.use(db, done.use)
        (event,) = ledger.events(db, subject=done.id)
        assert rows.document_sealed(db, done.sealed) == rows.document(db, done.id)
    assert (used.state, used.purpose, used.kind) == (UseState.sealed, "document:decision", "decision")
    assert (used.record_digest, used.sealed_digest) == (document.record, bytes.fromhex(done.sealed))
    assert (event.kind, event.facts["sealed"]) == ("document.sealed", done.sealed)


def test_a_page_with_attached_files_is_refused(office: Office) -> None:
    with pytest.raises(NotSealable, match="carries other files"):
        uploaded(office, our_page())


TREE = b"/MarkInfo<</Marked true>>/StructTreeRoot 100 0 R"
TAGGED: dict[str, tuple[bytes, tuple[bytes, ...]]] = {
    "tagged": (TREE, (b"<</Type/StructTreeRoot/K[]/ParentTree 101 0 R/ParentTreeNextKey 0>>", b"<</Nums[]>>")),
    "without next key": (TREE, (b"<</Type/StructTreeRoot/K[]/ParentTree 101 0 R>>", b"<</Nums[]>>")),
    "without index": (TREE, (b"<</Type/StructTreeRoot/K[]>>",)),
    "written in place": (
        b"/MarkInfo<</Marked true>>/StructTreeRoot<</Type/StructTreeRoot/ParentTree<</Nums[]>>/ParentTreeNextKey 0>>",
        (),
    ),
    "names and a place to open": (
        b"/Names 100 0 R/OpenAction 101 0 R/AcroForm 102 0 R",
        (b"<</Dests<</Names[]>>>>", b"[10 0 R/Fit]", b"<</Fields[]>>"),
    ),
    "marked alone": (b"/MarkInfo<</Marked true>>", ()),
    "a link": (b"", ()),
}


@pytest.mark.parametrize("form", list(TAGGED))
def test_a_document_of_another_program_is_sealed_and_every_door_says_valid(bureau: Office, form: str) -> None:
    from verification.answer import verify
    from verification.model import Verdict

    catalog, more = TAGGED[form]
    link = b"/Annots[<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A<</S/URI/URI(https://a.example/)>>>>]"
    data = foreign.pdf(catalog=catalog, more=more, page=link if form == "a link" else b"/Rotate 90")
    document = uploaded(bureau, data, key=f"tagged {form}")
    done = seal_document.seal(bureau.house, document.id, caller=CALLER, now=bureau.now)
    report = verify(bureau.house, file=documents.file(bureau.house, done), now=bureau.now)
    assert report.verdict is Verdict.valid, report.checks


def test_sealing_again_is_the_same_document(office: Office) -> None:
    document = uploaded(office)
    once = seal_document.seal(office.house, document.id, caller=CALLER, now=office.now)
    assert seal_document.seal(office.house, document.id, caller=CALLER, now=office.now) == once
    with office.house.database.read() as db:
        assert len(store.uses(db, office.seal.id)) == 1


def test_the_same_text_may_be_sealed_for_two(office: Office) -> None:
    first, second = uploaded(office), uploaded(office)
    done = {seal_document.seal(office.house, one.id, caller=CALLER, now=office.now).sealed for one in (first, second)}
    assert len(done) == 2
    assert first.original == second.original


def test_a_retried_upload_is_one_document(office_on: Office) -> None:
    first = uploaded(office_on, key="k1")
    assert uploaded(office_on, key="k1") == first
    with pytest.raises(KeySpent):
        uploaded(office_on, foreign.pdf(pages=2), key="k1")
    other = replace(CALLER, client="other")
    assert uploaded(office_on, key="k1", caller=other).id != first.id, "a key is its caller's own"


HARM: dict[str, Callable[[], bytes]] = {
    "no PDF": lambda: b"MZ" + bytes(2000),
    "cut off": lambda: foreign.pdf()[:300],
    "encrypted": lambda: foreign.encrypted(foreign.pdf()),
    "script at opening": lambda: foreign.pdf(catalog=b"/OpenAction<</S/JavaScript/JS(app.alert(1))>>"),
    "script by the way": lambda: foreign.pdf(catalog=b"/OpenAction<</S/GoTo/D[10 0 R/Fit]/Next<</S/Launch/F(x)>>>>"),
    "script behind a reference": lambda: foreign.pdf(
        catalog=b"/OpenAction 100 0 R", more=(b"<</S/GoTo/D[10 0 R/Fit]/Next 101 0 R>>", b"<</S/JavaScript/JS(x)>>")
    ),
    "script names behind a reference": lambda: foreign.pdf(
        catalog=b"/Names 100 0 R", more=(b"<</JavaScript<</Names[]>>>>",)
    ),
    "program behind references": lambda: foreign.pdf(
        page=b"/Annots 100 0 R",
        more=(b"[101 0 R]", b"<</Subtype/Link/Rect[0 0 9 9]/A 102 0 R>>", b"<</S/Launch/F(x)>>"),
    ),
    "form behind references": lambda: foreign.pdf(
        catalog=b"/AcroForm 100 0 R", more=(b"<</Fields 101 0 R>>", b"[102 0 R]", b"<</FT/Tx/T(a)>>")
    ),
    "script names": lambda: foreign.pdf(catalog=b"/Names<</JavaScript<</Names[(a) 100 0 R]>>>>", more=(b"<<>>",)),
    "program on a link": lambda: foreign.pdf(
        page=b"/Annots[<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A<</S/Launch/F(calc)>>>>]"
    ),
    "file attached": lambda: foreign.pdf(catalog=b"/Names<</EmbeddedFiles<</Names[(a) 100 0 R]>>>>", more=(b"<<>>",)),
    "file on the page": lambda: foreign.pdf(page=b"/Annots[<</Type/Annot/Subtype/FileAttachment/Rect[0 0 9 9]>>]"),
    "layers": lambda: foreign.pdf(catalog=b"/OCProperties<</OCGs[]/D<<>>>>"),
    "form": lambda: foreign.pdf(catalog=b"/AcroForm<</Fields[100 0 R]>>", more=(b"<</FT/Tx/T(a)>>",)),
    "loose form field": lambda: foreign.pdf(page=b"/Annots[<</Type/Annot/Subtype/Widget/FT/Tx/Rect[0 0 9 9]>>]"),
    "seal": lambda: foreign.pdf(catalog=b"/Perms<</DocMDP 100 0 R>>", more=(b"<<>>",)),
    "no page": lambda: foreign.pdf(pages=0),
    "too many pages": lambda: foreign.pdf(pages=501),
    "odd units": lambda: foreign.pdf(page=b"/UserUnit 10"),
    "huge page": lambda: foreign.pdf(box=b"0 0 90000 90000"),
    "pages in a ring": lambda: foreign.pdf().replace(b"/Kids[10 0 R]", b"/Kids[ 2 0 R]"),
    "deep": lambda: foreign.pdf(catalog=b"/X" + b"[" * 4000 + b"]" * 4000),
}


@pytest.mark.parametrize("harm", list(HARM))
def test_what_cannot_be_sealed_is_refused_in_words(bureau: Office, harm: str) -> None:
    with pytest.raises(NotSealable) as refused:
        uploaded(bureau, HARM[harm]())
    assert refused.value.detail
    by_nature = harm in {"no PDF", "cut off", "pages in a ring", "deep", "no page", "too many pages", "encrypted"}
    assert by_nature or "damaged" not in refused.value.detail, "it is refused for what it is"


def test_earlier_versions_within_a_file_do_not_come_under_the_seal(bureau: Office) -> None:
    document = uploaded(bureau, foreign.changed(foreign.pdf()))
    kept = bureau.house.blobs.get(document.original)
    assert b"was changed" in kept
    assert b"of the market office" not in kept
    assert document.uploaded != document.original


def test_a_reader_that_hangs_or_dies_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    caged = Cage(seconds=1.5)
    assert caged.read(foreign.pdf())[1]
    process = caged._process
    assert process
    process.kill()
    process.wait()
    assert caged.read(foreign.pdf())[1], "the next document has a new process"
    assert caged._process
    caged._process.send_signal(19)  # SIGSTOP: it answers no more
    with pytest.raises(NotSealable, match="takes too long"):
        caged.read(foreign.pdf())
    assert caged.read(foreign.pdf())[1]
    caged.close()


def test_what_the_reader_gives_back_must_be_the_document_itself(
    bureau: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    pdf, (tool, evidence) = foreign.pdf(), bureau.material()
    reserved = bureau.reserve(hashlib.sha256(b"caged").digest())
    place = A4.place(1, Spot.bottom_right, 42)
    monkeypatch.setattr(Cage, "_ask", lambda *_: ({"hole": [20, 40]}, b"0" * 100))
    with pytest.raises(Exception, match="not laid out"):
        cage.CAGE.prepare(pdf, tool, reserved, place, evidence)


def test_too_large_or_strangely_named_is_refused(bureau: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MOST_BYTES", 500)
    with pytest.raises(TooLarge):
        uploaded(bureau)
    monkeypatch.undo()
    for kind in ("A", "a b", "x" * 41, "../x"):
        with pytest.raises(BadRequest):
            uploaded(bureau, kind=kind)
    with pytest.raises(SealUnknown):
        uploaded(bureau, seal="0" * 12)


def test_without_a_grant_nothing_is_sealed_and_the_document_waits(office: Office) -> None:
    document = uploaded(office)
    with pytest.raises(NoGrant):
        seal_document.seal(office.house, document.id, caller=Caller(person="p9", place=CALLER.place), now=office.now)
    with office.house.database.read() as db:
        waits = rows.document(db, document.id)
        assert not store.uses(db, office.seal.id)
    assert (waits.state, waits.reason) == (State.uploaded, "no-grant")
    with pytest.raises(NotSealedYet):
        documents.file(office.house, waits)
    assert seal_document.seal(office.house, document.id, caller=CALLER, now=office.now).state is State.sealed


def test_a_suspended_seal_seals_nothing(office: Office) -> None:
    document = uploaded(office)
    lifecycle.suspend(office.house, office.seal.id, reason="lost", by="owner", now=office.now)
    with pytest.raises(SealNotInForce):
        seal_document.seal(office.house, document.id, caller=CALLER, now=office.now)
    with pytest.raises(SealNotInForce):
        uploaded(office, key="other")


def test_two_processes_seal_a_document_once(office_on: Office) -> None:
    document = uploaded(office_on)
    with office_on.house.database.write() as db:
        assert rows.begin_sealing(db, document.id, office_on.now, seal_document.LEASE)
    with pytest.raises(DocumentBusy):
        seal_document.seal(office_on.house, document.id, caller=CALLER, now=office_on.now)
    later = office_on.now + seal_document.LEASE + timedelta(seconds=1)
    assert seal_document.resume(office_on.house, later) == [document.id]


# -- places


@pytest.mark.parametrize(
    ("spot", "x", "y"),
    [(Spot.top_left, 36, 36), (Spot.middle, 105, 148.5), (Spot.bottom_right, 174, 261), (Spot.left, 36, 148.5)],
)
def test_nine_positions(spot: Spot, x: float, y: float) -> None:
    place = A4.place(1, spot, 42)
    assert (place.x_mm, place.y_mm) == (x, y)
    assert A4.holds(place)


def test_a_place_that_was_pointed_at_is_moved_onto_the_page() -> None:
    assert A4.holds(A4.near(1, 0, 0, 42))
    assert A4.holds(A4.near(1, 500, 500, 45, 30))


@pytest.mark.parametrize(
    "where",
    [{"page": 9}, {"page": 1, "x_mm": 5, "y_mm": 5}, {"page": 1, "x_mm": 100, "y_mm": 296}],
    ids=["no page", "left", "below"],
)
def test_a_place_off_the_page_is_refused(bureau: Office, where: dict[str, Any]) -> None:
    with pytest.raises(NotSealable):
        place_of(where, (A4,), 42)


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_the_seal_stands_where_the_reader_sees_it(bureau: Office, turn: int) -> None:
    """On a turned and cut page as on any other: red where it was chosen, white elsewhere."""
    from io import BytesIO

    from PIL import Image

    data = foreign.pdf(page=b"/Rotate %d/CropBox[50 100 550 800]" % turn)
    document = uploaded(bureau, data, key=f"turn-{turn}")
    wide, high = (document.pages[0].wide_mm, document.pages[0].high_mm)
    document = documents.choose(bureau.house, document, {"page": 1, "position": "bottom-left"}, bureau.now)
    drawn = Image.open(BytesIO(documents.preview(bureau.house, document, 1, 600, bureau.now))).convert("RGB")
    red = [
        (x, y)
        for x in range(0, drawn.width, 2)
        for y in range(0, drawn.height, 2)
        if (pixel := drawn.getpixel((x, y)))[0] - pixel[1] > 60  # type: ignore[index]
    ]
    assert len(red) > 100
    scale = drawn.width / wide
    left, top = min(x for x, _ in red) / scale, min(y for _, y in red) / scale
    right, low = max(x for x, _ in red) / scale, max(y for _, y in red) / scale
    assert document.spot
    assert abs((left + right) / 2 - document.spot.x_mm) < 1.5
    assert abs((top + low) / 2 - document.spot.y_mm) < 1.5
    assert high - low > 10


def test_the_place_is_fixed_once_it_is_sealed(office: Office) -> None:
    document = uploaded(office)
    documents.choose(office.house, document, {"page": 1, "position": "middle"}, office.now)
    done = seal_document.seal(office.house, document.id, caller=CALLER, now=office.now)
    assert done.spot == A4_MIDDLE(done)
    with pytest.raises(SealedAlready):
        documents.choose(office.house, done, {"page": 1, "position": "top"}, office.now)


def A4_MIDDLE(done: Any) -> Any:  # noqa: N802  a value of the page at hand
    return done.pages[0].place(1, Spot.middle, 42)


# -- the custodian


@pytest.fixture
def sensitive(office: Office) -> Office:
    from seals.store.tables import seal_table

    with office.house.database.write() as db:
        db.execute(seal_table.update().values(sensitive=True))
        store.keep_custodians(db, office.seal.id, ["p1", "p2"], by="owner", now=office.now)
    return office


def test_a_sensitive_seal_waits_for_its_custodian(sensitive: Office) -> None:
    house, now = sensitive.house, sensitive.now
    document = uploaded(sensitive)
    with pytest.raises(NeedsCustodian):
        seal_document.seal(house, document.id, caller=CALLER, now=now)
    waiting = documents.ask(house, document, by=CALLER.label, now=now)
    assert (waiting.state, len(waiting.asked)) == (State.asked, 2)
    assert seal_document.resume(house, now) == [], "nobody has confirmed"
    with house.database.write() as db:
        one = asked.one(db, waiting.asked[1])
        assert one
        assert one.digest == document.record
        assert (one.words[0], one.words[-1][1]) == (("Name of the document", "决定 7.pdf"), document.original)
        assert asked.answered(db, one.id, {"credential": "x"}, now)
    assert seal_document.resume(house, now) == [document.id]
    with house.database.read() as db:
        done = rows.document(db, document.id)
        assert store.use(db, done.use).asked == one.id
        kept = asked.one(db, one.id)
        assert kept
        assert kept.taken == now


def test_another_place_needs_another_confirmation(sensitive: Office) -> None:
    house, now = sensitive.house, sensitive.now
    waiting = documents.ask(house, uploaded(sensitive), by=CALLER.label, now=now)
    with house.database.write() as db:
        assert asked.answered(db, waiting.asked[0], {}, now)
    moved = documents.choose(house, waiting, {"page": 1, "position": "top"}, now)
    with pytest.raises(NeedsCustodian):
        seal_document.seal(house, moved.id, caller=CALLER, now=now)


def test_material_is_never_given_into_the_cage(bureau: Office) -> None:
    tool, evidence = material.for_seal(bureau.house, bureau.seal, bureau.now)
    told = cage._told(tool, None, evidence)
    assert set(told) == {"seal", "label", "chain", "form", "size", "algorithm", "place", "at", "stamp"} | {
        "certificates",
        "ocsps",
        "crls",
    }
