"""The form by which a body offers its data, and what is wrong with a form of data sharing in words."""

from datetime import datetime
from typing import TypeVar

from flask import Blueprint, Response, request

from admin import sharing
from admin.model.operator import Right
from admin.model.sharing import REGISTER, Entry, EntryWrong, Field, Sensitivity, Sharing
from admin.store import sharing as store
from admin.web.names import in_language
from hub import clock, web
from hub.callers import Operator
from hub.i18n import _
from licenses import kinds
from seals import store as seals

OFFICER = Operator(Right.sharing)
FIELD_OF = {"asked": "fields"}  # where on the form it is said
FIELD_LINES = 8  # lines for fields on the form of an entry; a longer list is two entries
ENTRY = ("name", "name_en", "agency", "sharing", "basis", "basis_en", "source", "client", "tells_number")


def add(bp: Blueprint) -> None:
    """`/console/sharing/entries…`."""

    @web.route(bp, "/console/sharing/entries/new", gate=OFFICER, methods=("GET", "POST"))
    def entry_new() -> Response:
        return _keep_entry("") if request.method == "POST" else _entry_page(_blank(), {})

    @web.route(bp, "/console/sharing/entries/<id>", gate=OFFICER, methods=("GET", "POST"))
    def entry_one(id: str) -> Response:
        with web.house().database.read() as db:
            found = store.entry(db, id, web.caller().place)
        return _keep_entry(id) if request.method == "POST" else _entry_page(_as_form(found), {}, found)


def errors_of(problem: EntryWrong) -> dict[str, str]:
    """What is wrong with a form, field by field, in words."""
    return {FIELD_OF.get(name, name): _wrong(name) for name in problem.fields}


def _wrong(name: str) -> str:
    """What is wrong with one field of a form, and how to put it right."""
    return {
        "name": _("Give the Chinese name, 2 to 80 characters"),
        "name_en": _("Give the English name, 2 to 120 characters"),
        "fields": _("Choose at least one field; each needs a key, a Chinese and an English name"),
        "basis": _("Name the rule, 4 to 500 characters"),
        "basis_en": _("Name the rule in English, 4 to 500 characters"),
        "sharing": _("Choose one of the three classes"),
        "source": _("Choose a kind of license that this body issues, or give the https address of its platform"),
        "client": _("Choose a registered program of this body"),
        "agency": _("Choose a body of your own place"),
        "item": _("Choose a service item of your own place that is in use"),
        "purpose": _("Say in Chinese what it is for, 4 to 500 characters"),
        "purpose_en": _("Say in English what it is for, 4 to 500 characters"),
        "per_day": _("Give the most calls a day, 1 to 100000"),
        "until": _("Give a day in the next three years"),
        "asked": _("Others have asked for these data as they are described: end this entry and offer a new one"),
    }.get(name, _("These data are no longer offered"))


def _keep_entry(id: str) -> Response:
    given = {name: request.form.get(name, "").strip() for name in ENTRY}
    for number in range(FIELD_LINES):
        for part in ("key", "zh", "en", "sensitivity"):
            given[f"{part}-{number}"] = request.form.get(f"{part}-{number}", "").strip()
    ended = clock.now() if request.form.get("end") else None
    try:
        with web.house().database.read() as db:
            place = seals.agency(db, given["agency"]).place if given["agency"] else ""
        kept = sharing.offer(web.house(), _entry(id, given, place, ended), by=web.caller(), now=clock.now())
    except EntryWrong as problem:
        return _entry_page(given, errors_of(problem))
    return web.see_other(f"/console/sharing/entries/{kept.id}?kept=1" if not ended else "/console/sharing")


def _entry(id: str, given: dict[str, str], place: str, ended: datetime | None) -> Entry:
    fields = tuple(
        Field(
            given[f"key-{number}"],
            given[f"zh-{number}"],
            given[f"en-{number}"],
            _one_of(Sensitivity, given[f"sensitivity-{number}"], "fields"),
        )
        for number in range(FIELD_LINES)
        if given[f"key-{number}"]
    )
    return Entry(
        id=id,
        name=given["name"],
        name_en=given["name_en"],
        agency=given["agency"],
        place=place,
        fields=fields,
        sharing=_one_of(Sharing, given["sharing"], "sharing"),
        basis=given["basis"],
        basis_en=given["basis_en"],
        source=given["source"],
        client=given["client"],
        tells_number=given["tells_number"] == "yes",
        ended=ended,
    )


def _entry_page(given: dict[str, str], errors: dict[str, str], entry: Entry | None = None) -> Response:
    with web.house().database.read() as db:
        agencies = [(one.code, in_language(one.name, one.name_en)) for one in seals.agencies(db, web.caller().place)]
    return web.page(
        "admin/sharing_entry.html",
        422 if errors else 200,
        given=dict.fromkeys(ENTRY, "") | given,
        lines=range(FIELD_LINES),
        agencies=agencies,
        kinds=[(f"{REGISTER}{kind.slug}", in_language(kind.name, kind.name_en)) for kind in kinds.all_kinds()],
        errors=errors,
        entry=entry,
        kept="kept" in request.args,
    )


def _blank() -> dict[str, str]:
    return {f"{part}-{number}": "" for number in range(FIELD_LINES) for part in ("key", "zh", "en", "sensitivity")}


def _as_form(entry: Entry) -> dict[str, str]:
    given = _blank() | {name: str(getattr(entry, name)) for name in ENTRY}
    given |= {"sharing": entry.sharing.value, "tells_number": "yes" if entry.tells_number else ""}
    for number, one in enumerate(entry.fields[:FIELD_LINES]):
        given |= {f"key-{number}": one.key, f"zh-{number}": one.name, f"en-{number}": one.name_en}
        given[f"sensitivity-{number}"] = one.sensitivity.value
    return given


Chosen = TypeVar("Chosen", Sharing, Sensitivity)


def _one_of(kind: type[Chosen], value: str, name: str) -> Chosen:
    try:
        return kind(value)
    except ValueError as error:
        raise EntryWrong(fields=(name,)) from error
