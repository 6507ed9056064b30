"""The console's pages of seals: the list, one seal with its life, each step of it by who has the right, and the shapes."""

from collections.abc import Callable
from functools import cache
from typing import Any

from flask import Blueprint, Response, request

from admin.model.operator import Right
from admin.web import names, seal_leave
from certs import schemes
from certs import store as certs
from certs.model import Reason
from hub import clock, web
from hub.callers import Operator
from hub.i18n import N_, _
from hub.problems import BadRequest, NotFound, Problem
from seals import lifecycle
from seals import store as seals
from seals.artwork import draw
from seals.model import MEASURES, Artwork, Design, Kind, NoMaker, Seal, State

SEE = Operator(Right.see)
PAGE = 30  # rows
OWNER_STEPS = ("activate", "suspend", "resume", "cancel", "replace")
MEASURE_WORDS = {
    "province": N_("Government of a province, ministry: 50 mm"),
    "county": N_("Government of a prefecture, city, county or district: 45 mm"),
    "office": N_("Prefectural administrative office: 45 mm, star"),
    "township": N_("Township government: 42 mm, star"),
    "department": N_("Department of a local government, unit within a body: 42 mm, star"),
    "joint-stock": N_("Joint-stock company: 42 mm, star"),
    "company": N_("Limited company: 40 mm, star"),
    "special": N_("Special-purpose seal: 38 mm, star"),
    "foreign": N_("Foreign-invested company: oval, 45 x 30 mm"),
    "invoice": N_("Invoice seal: oval, 40 x 30 mm, with a number"),
}
SAMPLE_NAMES = {
    4: "栖云民政",
    10: "栖云市市场监督管理局",
    18: "云岚省栖云市望舒区市场监督管理服务所",
    30: "示范云岚省栖云市望舒区住房和城乡建设局政务服务大厅行政审批处",
}
FIELDS = ("agency", "measure", "kind", "line", "code13", "second", "number", "algorithm", "reason", "document")
NEEDED = {  # what is said beside a field that must not be empty
    "code13": N_("Give the 13 digits of the seal code"),
    "document": N_("Name the document that it rests on"),
    "reason": N_("Give a reason of 1 to 500 characters"),
    "number": N_("Give the filing number"),
}
PLACES_OF_PROBLEMS = {"character": "line", "code": "code13", "number": "number", "mm": "measure", "wide": "measure"}


def blueprint() -> Blueprint:
    """`/console/seals…`."""
    bp = Blueprint("seals", __name__)
    _looking(bp)
    _shapes(bp)
    _applying(bp)
    _steps(bp)
    seal_leave.add(bp, one)
    return bp


def _looking(bp: Blueprint) -> None:
    @web.route(bp, "/console/seals", gate=SEE)
    def seal_list() -> Response:
        scope = web.caller().place
        with web.house().database.read() as db:
            agencies = {agency.code: agency for agency in seals.agencies(db, scope)}
            return web.page("admin/seals.html", seals=seals.seals(db, scope), agencies=agencies)

    @web.route(bp, "/console/seals/<id>", gate=SEE)
    def seal_one(id: str) -> Response:
        return one(id, {})

    @web.route(bp, "/console/seals/<id>/picture.svg", gate=SEE)
    def seal_picture(id: str) -> Response:
        with web.house().database.read() as db:
            seals.seal(db, id, web.caller().place)
            return web.file(seals.artwork(db, id).svg.encode(), "image/svg+xml")


def _shapes(bp: Blueprint) -> None:
    @web.route(bp, "/console/seals/shapes", gate=SEE)
    def seal_shapes() -> Response:
        return web.page("admin/seal_shapes.html", measures=MEASURES, words=MEASURE_WORDS, lengths=list(SAMPLE_NAMES))

    @web.route(bp, "/console/seals/shapes/<measure>-<int:length>.svg", gate=SEE)
    def seal_shape(measure: str, length: int) -> Response:
        if measure not in MEASURES or length not in SAMPLE_NAMES:
            raise NotFound("There is no such shape")
        return web.file(sample(measure, length).svg.encode(), "image/svg+xml", seconds=3600)


def _applying(bp: Blueprint) -> None:
    @web.route(bp, "/console/seals/apply", gate=Operator(Right.seals), methods=("GET", "POST"))
    def seal_apply() -> Response:
        typed = {name: request.form.get(name, "").strip()[:500] for name in FIELDS}
        if request.method == "GET":
            return _form(typed, {})
        missing = [name for name in ("code13", "document") if not typed[name]]
        if missing:
            return _form(typed, {name: _(NEEDED[name]) for name in missing})
        try:
            made = _applied(typed)
        except Problem as problem:
            return _form(typed, {_field(problem): told(problem)})
        return web.see_other(f"/console/seals/{made.id}")


def _steps(bp: Blueprint) -> None:
    @web.route(bp, "/console/seals/<id>/decide", gate=Operator(Right.approve), methods=("POST",))
    def seal_decide(id: str) -> Response:
        if request.form.get("decision") == "approve":
            return _taken(id, lifecycle.approve, "decide", needs=("document",))
        return _taken(id, lifecycle.reject, "decide", needs=("reason",))

    @web.route(bp, "/console/seals/<id>/make", gate=Operator(Right.making), methods=("POST",))
    def seal_make(id: str) -> Response:
        return _taken(id, lifecycle.make, "make", gives=("document",))

    @web.route(bp, "/console/seals/<id>/file", gate=Operator(Right.filing), methods=("POST",))
    def seal_file(id: str) -> Response:
        number = request.form.get("file_number", "").strip()
        if not number:
            return one(id, {"file_number": _(NEEDED["number"])})
        return _taken(id, lifecycle.file, "file", number=number)

    @web.route(bp, "/console/seals/<id>/<step>", gate=Operator(Right.seals), methods=("POST",))
    def seal_step(id: str, step: str) -> Response:
        if step not in OWNER_STEPS:
            raise BadRequest("There is no operation %(name)s", name=step)
        more: dict[str, Any] = {}
        if step == "replace":
            with web.house().database.read() as db:
                more["successor_id"] = seals.seal(db, request.form.get("successor", ""), web.caller().place).id
            return _taken(id, lifecycle.replace, step, gives=("document",), needs=("document",), **more)
        if step == "cancel":
            more["cause"] = _cause(request.form.get("cause", ""))
        needs = {"activate": (), "cancel": ("reason", "document")}.get(step, ("reason",))
        return _taken(id, getattr(lifecycle, step), step, needs=needs, **more)


def one(id: str, errors: dict[str, str], status: int = 0) -> Response:
    """One seal: what it is, its life, what may be done with it, who may use it and how it was used."""
    scope, now = web.caller().place, clock.now()
    with web.house().database.read() as db:
        seal = seals.seal(db, id, scope)
        steps = seals.steps(db, id)
        others = [other for other in seals.seals(db, scope, agency=seal.agency) if other.state is State.active]
        return web.page(
            "admin/seal.html",
            status or (422 if errors else 200),
            seal=seal,
            agency=seals.agency(db, seal.agency),
            certificate=certs.certificate(db, seal.certificate) if seal.certificate else None,
            uses=seals.uses(db, id, limit=PAGE),
            steps=steps,
            names={label: names.changer_name(db, label) for label in {step.by for step in steps}},
            waits=seals.order_of(db, id) is not None,
            mine={step.operation for step in steps if step.by == web.caller().label},
            successors=[other for other in others if other.id != id],
            causes=[each.value for each in Reason],
            errors=errors,
            typed=request.form,
            **seal_leave.shown(db, seal, now),
        )


def told(problem: Problem) -> str:
    """What a refusal says, for the form that caused it."""
    return _(problem.message, **problem.values) if problem.message else _(problem.title)


@cache
def sample(measure: str, length: int) -> Artwork:
    """A seal that nobody has, to show what one of these measures looks like with a name of that length."""
    size = MEASURES[measure]
    return draw(
        Design(
            SAMPLE_NAMES[length],
            "8800000000000",
            "样章" if measure != "invoice" else "发票专用章",
            size.diameter_mm,
            size.centre,
            size.shape,
            size.height_mm,
            number="91880101DEM000081U" if measure == "invoice" else "",
        )
    )


def _taken(
    id: str,
    verb: Callable[..., Seal],
    prefix: str,
    *,
    gives: tuple[str, ...] = ("reason", "document"),
    needs: tuple[str, ...] = (),
    **more: Any,
) -> Response:
    """Take a step, or say on the seal's page why it cannot be taken."""
    given = {name: request.form.get(f"{prefix}_{name}", "").strip()[:500] for name in gives}
    missing = {f"{prefix}_{name}": _(NEEDED[name]) for name in needs if not given.get(name)}
    with web.house().database.read() as db:
        seals.seal(db, id, web.caller().place)
    if missing:
        return one(id, missing)
    try:
        verb(web.house(), id, by=web.caller().label, now=clock.now(), **given, **more)
    except NoMaker:
        pass  # the order is kept, and the page says so
    except Problem as problem:
        return one(id, {"": told(problem)}, problem.status)
    return web.see_other(f"/console/seals/{id}")


def _applied(typed: dict[str, str]) -> Seal:
    size = MEASURES.get(typed["measure"])
    if size is None or typed["algorithm"] not in schemes.SCHEMES or typed["kind"] not in {each.value for each in Kind}:
        raise BadRequest("Choose one of the values that are offered")
    with web.house().database.read() as db:
        owner = seals.agency(db, typed["agency"], web.caller().place)
    design = Design(
        owner.name,
        typed["code13"],
        typed["line"],
        size.diameter_mm,
        size.centre,
        size.shape,
        size.height_mm,
        typed["second"],
        typed["number"],
    )
    return lifecycle.apply(
        web.house(),
        owner.code,
        design,
        kind=Kind(typed["kind"]),
        algorithm=typed["algorithm"],
        by=web.caller().label,
        now=clock.now(),
        reason=typed["reason"],
        document=typed["document"],
    )


def _form(typed: dict[str, str], errors: dict[str, str]) -> Response:
    with web.house().database.read() as db:
        agencies = seals.agencies(db, web.caller().place)
    return web.page(
        "admin/seal_apply.html",
        422 if errors else 200,
        agencies=agencies,
        measures=MEASURE_WORDS,
        algorithms=list(schemes.SCHEMES),
        typed=typed,
        errors=errors,
    )


def _field(problem: Problem) -> str:
    """By which field of the application a refusal is shown."""
    return next((field for value, field in PLACES_OF_PROBLEMS.items() if value in problem.values), "")


def _cause(value: str) -> Reason:
    try:
        return Reason(value)
    except ValueError as error:
        raise BadRequest("Choose one of the values that are offered") from error
