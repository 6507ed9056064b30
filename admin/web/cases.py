"""A citizen's applications: the list, one case with its way, what he may still do."""

from flask import Blueprint, Response

from admin import apply, assessment, prefill
from admin.model.case import DECISIONS, Case, Mover
from admin.store import cases as store
from admin.store import items
from admin.web.gates import MINE
from hub import behalf, clock, i18n, ledger, web
from licenses import kinds


def blueprint() -> Blueprint:
    """`/my/cases` and `/my/cases/<number>`; what is not submitted yet stands in `drafts`."""
    bp = Blueprint("cases", __name__)

    @web.route(bp, "/my/cases", gate=MINE)
    def case_list() -> Response:
        me, now = web.caller(), clock.now()
        with web.house().database.read() as db:
            found = store.of_applicant(db, me.person or "", me.acting_for)
            begun = store.drafts_of(db, me.person or "", me.acting_for, now)
            found = [one for one in found if behalf.covers(me, one.item)]
            begun = [one for one in begun if behalf.covers(me, one.item)]
            codes = {case.item for case in found} | {draft.item for draft in begun}
            names = {code: items.item(db, code) for code in codes}
        return web.page("admin/my_cases.html", cases=found, drafts=begun, items=names)

    @web.route(bp, "/my/cases/<number>", gate=MINE)
    def case_page(number: str) -> Response:
        case = apply.mine(web.house(), number, web.caller(), clock.now())
        with web.house().database.read() as db:
            item = items.version(db, case.item, case.item_version)
            content = store.content(db, web.house().vault, case.key)
            events = ledger.events(db, subject=number, kind="case.", limit=200)
        apply.level_is_reached(item, web.caller())
        kind = kinds.named(case.kind) if case.kind else None
        return web.page(
            "admin/my_case.html",
            case=case,
            item=item,
            content=content,
            facts=prefill.facts(kind, content.fields, english=i18n.language() == "en"),
            events=[one for one in reversed(events) if one.kind != "case.looked"],
            looks=[one for one in events if one.kind == "case.looked"],
            may=case.steps(Mover.applicant),
            rate=_rating(case),
        )

    @web.route(bp, "/my/cases/<number>/withdraw", gate=MINE, methods=("POST",))
    def withdraw(number: str) -> Response:
        apply.withdraw(web.house(), number, caller=web.caller(), now=clock.now())
        return web.see_other(f"/my/cases/{number}")

    return bp


def _rating(case: Case) -> str:
    """Where a decided case is rated."""
    return assessment.rating_link(web.house(), case.number, clock.now()) if case.state in DECISIONS else ""
