"""The pages of a department site: sign in, see what the hub shared, issue and change a license at the desk."""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flask import Flask, Response, abort, g, redirect, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as Answer

from deploy.demo.department import desk as form
from deploy.demo.department.desk import Desk
from deploy.demo.department.relying import Provider, SignInFailed
from deploy.demo.department.sessions import Session, Sessions
from deploy.demo.department.sharing import NotOurs, Told, answered, details

HERE = Path(__file__).parent
LEAST = "openid profile"  # what asking others for data needs of the visitor himself
LANGUAGES = ("zh-Hans", "en")
SIGNED = ("/backchannel-logout", "/shared-data")
OPERATIONS = ("suspend", "reinstate", "revoke")
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "form-action 'self' {issuer}"  # signing out is a form that leads to the provider
)


def create_app(settings: dict[str, Any], desk: Desk, provider: Provider | None = None) -> Flask:
    """One department's site."""
    app = Flask("department", template_folder=str(HERE / "templates"), static_folder=str(HERE / "static"))
    opened, sessions = provider or Provider(settings), Sessions()
    app.jinja_env.globals.update(say=say, language=lambda: g.language, link=_link, site=settings, desk=desk)
    app.jinja_env.globals.update(form_token=_token, signed_in=lambda: bool(g.session.claims))
    _frame(app, settings, sessions)
    _signing_in(app, settings, sessions, opened)
    _signing_out(app, sessions, opened)
    if desk.kind:
        _at_the_desk(app, desk, opened)
        _changing(app, opened)
    else:
        _asking_others(app, sessions, opened)
    _answering(app, settings, desk)
    return app


def _frame(app: Flask, settings: dict[str, Any], sessions: Sessions) -> None:
    @app.before_request
    def begin() -> None:
        asked = request.args.get("lang") or request.cookies.get("lang")
        best = request.accept_languages.best_match(["zh", "en"], "zh")
        g.language = asked if asked in LANGUAGES else ("en" if best == "en" else "zh-Hans")
        g.key = request.cookies.get(settings["client_id"], "")
        g.session = sessions.get(g.key)
        g.secret = settings["cookie_secret"]
        guarded = request.method == "POST" and request.path not in SIGNED  # those prove themselves by signature
        if guarded and not hmac.compare_digest(request.form.get("token", "").encode(), _token().encode()):
            abort(403)

    @app.after_request
    def finish(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = POLICY.format(issuer=settings["issuer"])
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers.setdefault("Cache-Control", "no-store")
        if request.args.get("lang") in LANGUAGES:
            response.set_cookie("lang", request.args["lang"], samesite="Lax", secure=_secure(settings))
        return response

    @app.errorhandler(HTTPException)
    def failed(error: HTTPException) -> tuple[str, int]:
        return render_template("failed.html", why=_why(error.code or 500)), error.code or 500


def _signing_in(app: Flask, settings: dict[str, Any], sessions: Sessions, provider: Provider) -> None:
    def keep(response: Answer, session: Session) -> Answer:
        key = sessions.begin(session, instead_of=g.key)
        response.set_cookie(settings["client_id"], key, httponly=True, samesite="Lax", secure=_secure(settings))
        return response

    @app.get("/")
    def front() -> str:
        return render_template("front.html", claims=g.session.claims)

    @app.get("/sign-in")
    def sign_in() -> Answer | tuple[str, int]:
        prompt = "login" if "again" in request.args else "select_account" if "choose" in request.args else ""
        wanted = {"prompt": prompt} if prompt else {}
        if request.args.get("level") in ("2", "3"):
            wanted["acr_values"] = f"urn:yinxin:loa:{request.args['level']}"
        try:
            url, flow = provider.begin(ui_locales=g.language, **wanted)
        except SignInFailed as error:
            return _not_signed_in(app, error, 503)
        return keep(redirect(url, 303), Session(flow=flow))

    @app.get("/callback")
    def callback() -> Answer | tuple[str, int]:
        try:
            session = provider.complete(request.args.to_dict(), g.session.flow)
        except SignInFailed as error:
            return _not_signed_in(app, error, 400)
        if not session.data_token:
            return keep(redirect("/", 303), session)
        grant = next(one for one in provider.grants() if one["grant"] == session.grant)
        told = provider.shared(session, grant, g.language)  # once: who loads the page again asks nobody again
        return keep(redirect("/benefits/told", 303), replace(session, told=told))


def _signing_out(app: Flask, sessions: Sessions, provider: Provider) -> None:
    @app.post("/sign-out")
    def sign_out() -> Answer:
        session = g.session
        sessions.end(g.key)
        return redirect(provider.sign_out_url(session) if session.id_token else "/", 303)

    @app.post("/backchannel-logout")
    def backchannel_logout() -> tuple[str, int]:
        try:
            sessions.end_login(*provider.logged_out(request.form.get("logout_token", "")))
        except SignInFailed as error:
            app.logger.warning("logout token refused: %s", error)
            return "", 400
        return "", 200


def _at_the_desk(app: Flask, desk: Desk, provider: Provider) -> None:
    def shown(values: Mapping[str, Any], problem: dict[str, Any] | None = None) -> str:
        wrong = {error["field"]: error["detail"] for error in (problem or {}).get("errors", ()) if "field" in error}
        lines = form.fields(provider.schema(desk.kind), values, wrong)
        return render_template("desk.html", fields=lines, key=secrets.token_urlsafe(16), problem=problem)

    @app.get("/desk")
    def at_desk() -> str | Answer:
        if not g.session.claims:
            return redirect("/sign-in", 303)
        return shown(form.prefilled(desk, g.session.claims))

    @app.post("/desk")
    def issue() -> tuple[str, int] | str:
        _signed_in()
        fields = form.sent(provider.schema(desk.kind), request.form)
        key = {"Idempotency-Key": request.form.get("key", ""), "Accept-Language": g.language}
        answer = provider.api("POST", "/licenses", json={"kind": desk.kind, "fields": fields}, headers=key)
        if answer.status_code != 201:
            return shown(fields, answer.json()), 422
        return render_template("issued.html", license=answer.json())

    @app.get("/desk/file/<number>")
    def file(number: str) -> Response:
        _signed_in()
        answer = provider.api("GET", f"/licenses/{quote(number, safe='')}/file", params={"use_cause": "desk"})
        if answer.status_code != 200:
            abort(404)
        headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(number, safe='')}.pdf"}
        return Response(answer.content, content_type="application/pdf", headers=headers)


def _asking_others(app: Flask, sessions: Sessions, provider: Provider) -> None:
    @app.get("/benefits")
    def benefits() -> str:
        return render_template("benefits.html", grants=provider.grants())

    @app.post("/benefits")
    def ask() -> Answer | tuple[str, int]:
        grant = _granted(provider, request.form.get("grant", ""))
        try:
            url, flow = provider.begin(LEAST, ui_locales=g.language, authorization_details=details(grant["grant"]))
        except SignInFailed as error:
            return _not_signed_in(app, error, 503)
        response = redirect(url, 303)
        key = sessions.begin(replace(g.session, flow=flow), instead_of=g.key)  # a no leaves the visitor signed in
        response.set_cookie(
            provider.settings["client_id"], key, httponly=True, samesite="Lax", secure=_secure(provider.settings)
        )
        return response

    @app.get("/benefits/told")
    def told_page() -> tuple[str, int] | str:
        if g.session.told is None:
            abort(403)
        return _shown(g.session.told)

    @app.post("/benefits/again")
    def again() -> tuple[str, int] | str:
        if not g.session.data_token:
            abort(403)
        return _shown(provider.shared(g.session, _granted(provider, g.session.grant), g.language))


def _granted(provider: Provider, id: str) -> dict[str, Any]:
    return next((one for one in provider.grants() if one["grant"] == id), None) or abort(404)


def _shown(answer: Told | dict[str, Any]) -> tuple[str, int] | str:
    """What came of a question: the data, or the hub's refusal in words."""
    if isinstance(answer, Told):
        return render_template("told.html", told=answer)
    why = f"{answer['title']}. {answer.get('advice', '')}"
    return render_template("failed.html", why=say(f"We were told nothing. {why}", f"未得到任何数据。{why}")), 422


def _answering(app: Flask, settings: dict[str, Any], desk: Desk) -> None:
    @app.post("/shared-data")
    def shared_data() -> Response | tuple[str, int]:
        """The hub asks, for another body, about somebody who allowed it; the question is signed, and so is the answer."""
        try:
            token = answered(settings, request.get_data(as_text=True), desk.held)
        except (NotOurs, LookupError, TypeError, ValueError) as error:
            app.logger.warning("question refused: %s", error)
            return "", 400
        return Response(token, content_type="application/jwt") if token else ("", 404)


def _changing(app: Flask, provider: Provider) -> None:
    @app.post("/desk/<operation>")
    def change(operation: str) -> tuple[str, int] | str:
        _signed_in()
        if operation not in OPERATIONS:
            abort(404)
        address = f"/licenses/{quote(request.form.get('number', ''), safe='')}/{operation}"
        why = {name: request.form.get(name, "") for name in ("reason", "legal_basis", "decision")}
        answer = provider.api("POST", address, json=why, headers={"Accept-Language": g.language})
        if answer.status_code != 200:
            said = answer.json()
            return render_template("failed.html", why=said.get("detail") or said.get("title", "")), 422
        return render_template("issued.html", license=answer.json())


def say(english: str, chinese: str) -> str:
    """The text in the reader's language."""
    return english if g.language == "en" else chinese


def _not_signed_in(app: Flask, error: SignInFailed, status: int) -> tuple[str, int]:
    app.logger.warning("sign-in failed: %s", error)
    return render_template("failed.html", why=say(f"You were not signed in: {error}", f"登录未完成（{error}）")), status


def _signed_in() -> None:
    if not g.session.claims:
        abort(403)


def _why(status: int) -> str:
    return {
        403: say(
            "This page is for signed-in visitors, or it was open for too long.",
            "请先登录；或页面停留过久，请重新打开。",
        ),
        404: say("There is nothing at this address.", "此地址没有内容。"),
    }.get(status, say("Something went wrong here.", "系统出现问题。"))


def _link(language: str) -> str:
    """This page in another language; a page that was answered to a form leads to the front."""
    return f"{request.path if request.method == 'GET' else '/'}?lang={language}"


def _secure(settings: dict[str, Any]) -> bool:
    return str(settings["url"]).startswith("https:")


def _token() -> str:
    """Ties a form to the session that was shown it."""
    return hmac.digest(g.secret.encode(), g.key.encode(), "sha256").hex()
