"""What a citizen has not submitted yet: a new application, or the answer to what the office asked. Nothing typed is lost."""

from flask import Blueprint, Response, request

from admin import apply, drafts, papers, prefill
from admin.model.case import Case, CaseState, Content, Draft, Mover, NoCase, Step
from admin.model.item import ServiceItem
from admin.prefill import Prefilled
from admin.store import cases as store
from admin.store import items
from admin.web.gates import MINE, MINE_OR_NOBODY
from hub import clock, i18n, web
from hub.i18n import _
from licenses import kinds
from licenses.model import FieldsWrong

PARKED = "yinxin-parked"  # the cookie that binds what was typed without a session to this browser
PARKED_SECONDS = 3600
Errors = dict[str, str]
Files = dict[str, tuple[str, bytes]]


def blueprint() -> Blueprint:
    """`/my/cases/new/…`, `/my/cases/drafts/…` and `/my/cases/<number>/answer`."""
    bp = Blueprint("drafts", __name__)
    _beginning(bp)
    _writing(bp)
    _submitting(bp)
    _answering(bp)
    return bp


def _beginning(bp: Blueprint) -> None:
    @web.route(bp, "/my/cases/new/<code>", gate=MINE)
    def begin_page(code: str) -> Response:
        me, item, now = web.caller(), _item(code), clock.now()
        apply.applied_for_here(item, me)
        apply.is_his_matter(item, me)
        apply.level_is_reached(item, me)  # before anything else: the way there leads back here
        with web.house().database.read() as db:
            begun = [one for one in store.drafts_of(db, me.person or "", me.acting_for, now) if one.item == code]
        ready = prefill.prefill(web.house(), item, me, now) if item.for_(apply.audience_of(me)) else None
        return _page("my_case_begin.html", item=item, ready=ready, drafts=begun)

    @web.route(bp, "/my/cases/new/<code>", gate=MINE, methods=("POST",))
    def begin(code: str) -> Response:
        item = _item(code)
        if web.caller().level < apply.level_of(item):
            return web.see_other(f"/my/cases/new/{code}")  # there he is sent to the step that is missing
        for check in apply.CHECKS:
            check(item, web.caller())
        return web.see_other(_path(drafts.begin(web.house(), item, web.caller(), clock.now()).id))


def _writing(bp: Blueprint) -> None:
    @web.route(bp, "/my/cases/drafts/<id>", gate=MINE)
    def draft_page(id: str) -> Response:
        sent = _sent(id)
        if sent is not None:
            return sent
        drafts.mine(web.house(), id, web.caller(), clock.now())
        back = _unparked(id)
        if back is not None:
            drafts.write(web.house(), id, back, {}, clock.now())
        item, content = _draft(id)
        errors = _errors(item, content) if "check" in request.args else {}
        return _form_page(item, content, _path(id), errors, draft=id, back=back is not None)

    @web.route(bp, "/my/cases/drafts/<id>", gate=MINE_OR_NOBODY, methods=("POST",))
    def draft_save(id: str) -> Response:
        house, me, now = web.house(), web.caller(), clock.now()
        if me.person is None:
            with house.database.read() as db:
                known = store.draft(db, id, now)
            return _park(id, _path(id), known)
        draft, _before = drafts.mine(house, id, me, now)
        item = _item(draft.item)
        files, wrong = _files(item)
        checked = request.form.get("then") == "check"
        drafts.write(house, id, _typed(item), files, now)
        if wrong and me.level >= apply.level_of(item):
            kept = drafts.mine(house, id, me, now)[1]
            missing = _errors(item, kept) if checked else {}
            return _form_page(item, kept, _path(id), missing | wrong, draft=id)
        return web.see_other(f"{_path(id)}/check" if checked else "/my/cases")

    @web.route(bp, "/my/cases/drafts/<id>/discard", gate=MINE, methods=("POST",))
    def discard(id: str) -> Response:
        drafts.mine(web.house(), id, web.caller(), clock.now())
        drafts.discard(web.house(), id)
        return web.see_other("/my/cases")


def _submitting(bp: Blueprint) -> None:
    @web.route(bp, "/my/cases/drafts/<id>/check", gate=MINE)
    def check_page(id: str) -> Response:
        house, me, now = web.house(), web.caller(), clock.now()
        sent = _sent(id)
        if sent is not None:
            return sent
        item, content = _draft(id)
        ready = prefill.prefill(house, item, me, now)
        try:
            whole = apply.complete(house, ready, content.fields, content.files, me, seen=False, now=now)
        except FieldsWrong:
            return web.see_other(f"{_path(id)}?check=1")
        facts = prefill.facts(ready.kind, whole.fields, english=i18n.language() == "en")
        return _page("my_case_check.html", item=item, ready=ready, content=whole, facts=facts, draft=id)

    @web.route(bp, "/my/cases/drafts/<id>/submit", gate=MINE, methods=("POST",))
    def submit(id: str) -> Response:
        house, me, now = web.house(), web.caller(), clock.now()
        with house.database.read() as db:
            case = store.by_key(db, id)
        if case is None:  # else it was a double click, or the way back
            draft, content = drafts.mine(house, id, me, now)
            item = _item(draft.item)
            if me.level < apply.level_of(item):
                return web.see_other(f"{_path(id)}/check")
            try:
                case = apply.submit(house, item, content.fields, caller=me, key=id, files=content.files, now=now)
            except FieldsWrong:
                return web.see_other(f"{_path(id)}?check=1")
        return web.see_other(f"/my/cases/{case.number}")


def _answering(bp: Blueprint) -> None:
    @web.route(bp, "/my/cases/<number>/answer", gate=MINE)
    def answer_page(number: str) -> Response:
        case = apply.mine(web.house(), number, web.caller(), clock.now())
        if Step.answer not in case.steps(Mover.applicant):
            return web.see_other(f"/my/cases/{number}")
        apply.level_is_reached(_version(case), web.caller())
        back = _unparked(number)
        if back is not None:
            words = back.pop("answer", "")
            drafts.write_answer(web.house(), case, back, {}, words)
        return _answer_page(case, {}, back=back is not None)

    @web.route(bp, "/my/cases/<number>/answer", gate=MINE_OR_NOBODY, methods=("POST",))
    def answer(number: str) -> Response:
        house, me, now = web.house(), web.caller(), clock.now()
        if me.person is None:
            with house.database.read() as db:
                known = store.case(db, number)
            return _park(number, f"/my/cases/{number}/answer", known if known.state is CaseState.returned else None)
        case = apply.mine(house, number, me, clock.now())
        item = _version(case)
        files, wrong = _files(item)
        if Step.answer in case.steps(Mover.applicant):
            drafts.write_answer(house, case, _typed(item), files, request.form.get("answer", ""))
        if me.level < apply.level_of(item):
            return web.see_other(f"/my/cases/{number}/answer")
        if wrong:
            return _answer_page(case, wrong)
        try:
            apply.answer(house, number, caller=me, now=now)
        except FieldsWrong as refused:
            return _answer_page(case, _said(refused))
        return web.see_other(f"/my/cases/{number}")


# -- inside


def _path(id: str) -> str:
    return f"/my/cases/drafts/{id}"


def _item(code: str) -> ServiceItem:
    with web.house().database.read() as db:
        return items.item(db, code)


def _version(case: Case) -> ServiceItem:
    with web.house().database.read() as db:
        return items.version(db, case.item, case.item_version)


def _draft(id: str) -> tuple[ServiceItem, Content]:
    """One's own draft and its service, whose level of assurance is reached: the refusal leads to the step that is missing."""
    draft, content = drafts.mine(web.house(), id, web.caller(), clock.now())
    item = _item(draft.item)
    for check in apply.CHECKS:
        check(item, web.caller())
    return item, content


def _sent(id: str) -> Response | None:
    """The application that a draft became, for its applicant who went back."""
    with web.house().database.read() as db:
        case = store.by_key(db, id)
    me = web.caller()
    mine = case is not None and (case.person == me.person or (case.acting_for and case.acting_for == me.acting_for))
    return web.see_other(f"/my/cases/{case.number}") if case and mine else None


def _errors(item: ServiceItem, content: Content) -> Errors:
    ready = prefill.prefill(web.house(), item, web.caller(), clock.now())
    try:
        apply.complete(web.house(), ready, content.fields, content.files, web.caller(), seen=False, now=clock.now())
    except FieldsWrong as refused:
        return _said(refused)
    return {}


def _said(refused: FieldsWrong) -> Errors:
    return {one.field: _(one.message, **dict(one.values)) for one in refused.errors}


def _answer_page(case: Case, errors: Errors, *, back: bool = False) -> Response:
    content = drafts.answer_to(web.house(), case)
    return _form_page(_version(case), content, f"/my/cases/{case.number}/answer", errors, case=case, back=back)


def _form_page(
    item: ServiceItem,
    content: Content,
    action: str,
    errors: Errors,
    *,
    draft: str = "",
    case: Case | None = None,
    back: bool = False,
) -> Response:
    ready = prefill.prefill(web.house(), item, web.caller(), clock.now())
    values = {
        "ready": ready,
        "papers": papers.materials(ready, content.files),
        "values": content.fields,
        "words": content.answer,
    }
    page = {"item": item, "action": action, "errors": errors, "draft": draft, "case": case, "back": back}
    page["summary"] = {
        name: _("%(field)s: %(text)s", field=_label(ready, name), text=text) for name, text in errors.items()
    }
    return _page("my_case_form.html", 422 if errors else 200, **values, **page)


def _label(ready: Prefilled, name: str) -> str:
    """What a field is called in the reader's language."""
    english = i18n.language() == "en"
    called = {item.key: item.label_en if english else item.label for item in ready.items}
    for paper in papers.materials(ready, {}):
        kind = kinds.named(paper.kind) if paper.kind else None
        chinese, spoken = (kind.name, kind.name_en) if kind else (paper.words, paper.words_en or paper.words)
        called[f"{papers.PAPER}{paper.key}"] = spoken if english else chinese
    return called.get(name, name)


def _page(template: str, status: int = 200, **values: object) -> Response:
    web.loosen("form-action", web.house().settings.issuer_url)  # who was signed out meanwhile is sent there by his form
    return web.page(f"admin/{template}", status, **values)


def _typed(item: ServiceItem) -> dict[str, str]:
    """What the form holds for the fields of the service, in single lines: nothing is judged here."""
    kind = kinds.named(item.kind) if item.kind else None
    keys = [field.key for field in prefill.written(kind) if field.key in request.form]
    return {key: " ".join(request.form[key].split("\n")).replace("\r", "") for key in keys}


def _files(item: ServiceItem) -> tuple[Files, Errors]:
    """The files of the form by material, and what is wrong with those that cannot be kept."""
    found: Files = {}
    wrong: Errors = {}
    for key in papers.keys(item):
        sent = request.files.get(f"{papers.PAPER}{key}")
        if sent is None or not sent.filename:
            continue
        data = sent.stream.read(papers.FILE_BYTES + 1)
        if len(data) > papers.FILE_BYTES:
            wrong[f"{papers.PAPER}{key}"] = _("The file is larger than 3 MB: choose a smaller one")
        elif not papers.media_type(data):
            wrong[f"{papers.PAPER}{key}"] = _("Choose a PDF, a JPEG or a PNG")
        else:
            found[key] = (sent.filename[-80:], data)
    return found, wrong


def _park(key: str, path: str, known: Draft | Case | None) -> Response:
    """Put aside what somebody typed who was signed out meanwhile, and let him sign in."""
    if known is None:
        raise NoCase("There is no such draft, or it has ended")
    words = request.form.get("answer", "")
    secret = drafts.park(web.house(), key, _typed(_item(known.item)) | ({"answer": words} if words else {}))
    response = web.see_other(f"/my/sign-in?next={path}")
    web.set_cookie(response, PARKED, f"{key}.{secret}", seconds=PARKED_SECONDS)
    return response


def _unparked(key: str) -> dict[str, str] | None:
    """What this browser had put aside for this form, once."""
    where, _dot, secret = request.cookies.get(PARKED, "").rpartition(".")
    return drafts.unpark(web.house(), key, secret) if where == key else None
