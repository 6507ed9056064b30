"""The desk's pages: asking and following for everyone, a citizen's own list, and the console of those who answer."""

from flask import Blueprint, Response, request

from admin import desk, suspicions
from admin.desk import Question
from admin.model.operator import Right
from admin.model.ticket import CONTACT, WORDS, NoTicket, Severity, Ticket, TicketKind, TicketStep
from admin.store import tickets as store
from admin.web.gates import MINE
from admin.web.names import in_language
from hub import callers, clock, i18n, limits, numbers, web
from hub.callers import Operator
from hub.i18n import _
from hub.limits import Limit
from hub.numbers import NumberMistyped
from hub.problems import BadRequest
from licenses.model import NotAnIdentifier
from seals import store as seals
from seals.model import Agency
from verification.answer import parsed

ANYONE = callers.Public()
DESK = Operator(Right.desk)
ASK = Limit("desk-ask", 10, 3600)  # of one network in an hour
FOLLOW = Limit("desk-follow", 60, 600, guessing=True)  # of one network: a number is a secret
TEXT_STEPS = {  # the verb, and the field in which its words come
    TicketStep.send_back: (desk.send_back, "reason"),
    TicketStep.note: (desk.note, "note"),
    TicketStep.reply: (desk.reply, "answer"),
}
PLAIN_STEPS = {TicketStep.receive: desk.receive, TicketStep.take: desk.take}


def blueprint() -> Blueprint:
    """`/desk/…`, `/my/tickets/…` and `/console/desk/…`."""
    bp = Blueprint("desk", __name__)
    _asking(bp)
    _following(bp)
    _mine(bp)
    _answering(bp)
    _handling(bp)
    return bp


def _asking(bp: Blueprint) -> None:
    @web.route(bp, "/desk", gate=ANYONE)
    def ask_page() -> Response:
        return _ask_page({"license": request.args.get("license", "")[:200]})

    @web.route(bp, "/desk", gate=ANYONE, methods=("POST",))
    def ask() -> Response:
        given = {name: request.form.get(name, "").strip() for name in ("kind", "words", "license", "agency", "contact")}
        errors = _errors(given)
        if errors:
            return _ask_page(given, errors)
        _limit(ASK)
        asked = Question(
            TicketKind(given["kind"]),
            given["words"],
            contact=given["contact"],
            license=str(parsed(given["license"])) if given["license"] else "",
            agency=given["agency"],
            person=_signed_in() if request.form.get("mine") else "",
            language=i18n.language(),
        )
        return web.see_other(f"/desk/{desk.ask(web.house(), asked, clock.now())}?new=1")

    @web.route(bp, "/desk/find", gate=ANYONE, methods=("POST",))
    def find() -> Response:
        _limit(FOLLOW)
        try:
            return web.see_other(f"/desk/{numbers.parse(request.form.get('number', ''))}")
        except NumberMistyped as problem:
            return _ask_page({"number": request.form.get("number", "")[:100]}, {"number": _(problem.advice)})


def _following(bp: Blueprint) -> None:
    @web.route(bp, "/desk/<number>", gate=ANYONE)
    def follow(number: str) -> Response:
        found = desk.followed(web.house(), _key(number), clock.now())
        whole, fresh = numbers.parse(number), bool(request.args.get("new"))
        at = f"/desk/{whole}"
        return web.page("admin/ticket_status.html", found=found, names=_names(), at=at, number=whole, fresh=fresh)

    @web.route(bp, "/desk/<number>/close", gate=ANYONE, methods=("POST",))
    def follow_close(number: str) -> Response:
        desk.close(web.house(), _key(number), clock.now())
        return web.see_other(f"/desk/{numbers.parse(number)}")

    @web.route(bp, "/desk/<number>/rate", gate=ANYONE, methods=("POST",))
    def follow_rate(number: str) -> Response:
        desk.rate(web.house(), _key(number), _level(), clock.now())
        return web.see_other(f"/desk/{numbers.parse(number)}")


def _mine(bp: Blueprint) -> None:
    @web.route(bp, "/my/tickets", gate=MINE)
    def my_list() -> Response:
        with web.house().database.read() as db:
            return web.page("admin/tickets.html", found=store.of_person(db, web.caller().person or ""))

    @web.route(bp, "/my/tickets/<id>", gate=MINE)
    def my_one(id: str) -> Response:
        _own(id)
        found = desk.followed(web.house(), id, clock.now())
        return web.page("admin/my_ticket.html", found=found, names=_names(), at=f"/my/tickets/{id}", words=_words(id))

    @web.route(bp, "/my/tickets/<id>/close", gate=MINE, methods=("POST",))
    def my_close(id: str) -> Response:
        desk.close(web.house(), _own(id).id, clock.now())
        return web.see_other(f"/my/tickets/{id}")

    @web.route(bp, "/my/tickets/<id>/rate", gate=MINE, methods=("POST",))
    def my_rate(id: str) -> Response:
        desk.rate(web.house(), _own(id).id, _level(), clock.now())
        return web.see_other(f"/my/tickets/{id}")


def _answering(bp: Blueprint) -> None:
    @web.route(bp, "/console/desk", gate=DESK)
    def ticket_list() -> Response:
        suspicions.open_letters(web.house(), clock.now())
        done = request.args.get("done") == "1"
        scope, now = web.caller().place, clock.now()
        with web.house().database.read() as db:
            found, counted = store.found(db, scope, waiting=not done), desk.figures(db, scope, now)
        return web.page("admin/desk.html", found=found, done=done, counted=counted, names=_names(), at=now)

    @web.route(bp, "/console/desk-figures", gate=Operator(Right.supervision))
    def ticket_figures() -> Response:
        suspicions.open_letters(web.house(), clock.now())
        scope, now = web.caller().place, clock.now()
        with web.house().database.read() as db:
            counted = desk.figures(db, scope, now)
            found = store.found(db, scope, waiting=True, kind=TicketKind.suspicion.value)
        return web.page("admin/desk_figures.html", found=found, counted=counted, names=_names(), at=now)

    @web.route(bp, "/console/desk/find", gate=DESK, methods=("POST",))
    def ticket_find() -> Response:
        return web.see_other(f"/console/desk/{_key(request.form.get('number', ''))}")


def _handling(bp: Blueprint) -> None:
    @web.route(bp, "/console/desk/<id>", gate=DESK)
    def ticket_one(id: str) -> Response:
        house, by = web.house(), web.caller()
        with house.database.read() as db:
            ticket = store.ticket(db, id, by.place)
            mine = ticket.officer == by.person
            return web.page(
                "admin/ticket.html",
                ticket=ticket,
                words=store.said(db, house.vault, id, "words"),
                contact=store.said(db, house.vault, id, "contact") if mine else None,
                steps=store.history(db, house.vault, id),
                may=[step.value for step in ticket.steps(ticket.movers(by.person))],
                mine=mine,
                bodies_named=_named(seals.agencies(db, ticket.place)),
                same=[one for one in store.about(db, ticket.license, by.place) if one.id != id]
                if ticket.license
                else [],
                names=_names(),
                at=clock.now(),
                high=ticket.severity is Severity.high,
            )

    @web.route(bp, "/console/desk/<id>/<step>", gate=DESK, methods=("POST",))
    def ticket_step(id: str, step: str) -> Response:
        house, by, now = web.house(), web.caller(), clock.now()
        if step in PLAIN_STEPS:
            PLAIN_STEPS[TicketStep(step)](house, id, by=by, now=now)
        elif step in TEXT_STEPS:
            verb, field = TEXT_STEPS[TicketStep(step)]
            verb(house, id, request.form.get(field, ""), by=by, now=now)
        elif step == TicketStep.dispatch:
            desk.dispatch(house, id, request.form.get("agency", ""), by=by, now=now)
        elif step == TicketStep.merge:
            desk.merge(house, id, request.form.get("into", ""), by=by, now=now)
        else:
            raise BadRequest("There is no operation %(name)s", name=step)
        return web.see_other("/console/desk" if step == TicketStep.send_back else f"/console/desk/{id}")


def _ask_page(given: dict[str, str], errors: dict[str, str] | None = None) -> Response:
    with web.house().database.read() as db:
        bodies = seals.agencies(db)
    blank = dict.fromkeys(("kind", "words", "license", "agency", "contact", "number"), "")
    return web.page(
        "admin/ask.html",
        422 if errors else 200,
        given=blank | given,
        errors=errors or {},
        bodies_named=_named(bodies),
        kinds=[kind.value for kind in TicketKind],
        signed_in=bool(_signed_in()),
        longest=WORDS,
        longest_contact=CONTACT,
    )


def _errors(given: dict[str, str]) -> dict[str, str]:
    errors = {}
    if given["kind"] not in {kind.value for kind in TicketKind}:
        errors["kind"] = _("Choose what it is")
    if not 1 <= len(given["words"]) <= WORDS:
        errors["words"] = _("Say it in 1 to 2000 characters.")
    if given["license"]:
        try:
            parsed(given["license"])
        except NotAnIdentifier:
            errors["license"] = _("This number is mistyped: its check character does not fit.")
    if len(given["contact"]) > CONTACT:
        errors["contact"] = _("At most 200 characters")
    with web.house().database.read() as db:
        if given["agency"] and given["agency"] not in {one.code for one in seals.agencies(db)}:
            errors["agency"] = _("Choose a body from the list")
    return errors


def _key(number: str) -> str:
    """How rows name what a number stands for; each look-up counts against guessing."""
    _limit(FOLLOW)
    return numbers.key(web.house().vault, numbers.parse(number))


def _limit(limit: Limit) -> None:
    limits.check(web.house().shared, limit, limits.network(request.remote_addr or ""))


def _signed_in() -> str:
    caller = callers.current(web.house(), request, "my", clock.now())
    return caller.person or "" if caller else ""


def _own(id: str) -> Ticket:
    with web.house().database.read() as db:
        found = store.ticket(db, id)
    if found.person != web.caller().person:
        raise NoTicket("There is no ticket %(id)s", id=id)
    return found


def _words(id: str) -> str:
    with web.house().database.read() as db:
        return store.said(db, web.house().vault, id, "words")


def _names() -> dict[str, str]:
    """The names of the bodies by their codes, in the reader's language."""
    with web.house().database.read() as db:
        return dict(_named(seals.agencies(db)))


def _named(bodies: list[Agency]) -> list[tuple[str, str]]:
    return [(one.code, in_language(one.name, one.name_en)) for one in bodies]


def _level() -> int:
    text = request.form.get("level", "")
    return int(text) if text in {"1", "2", "3", "4", "5"} else 0
