"""What all pages of the room share: who is there, which sign-in is under way, and where to go next."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from flask import Response, request, url_for

from hub import callers, clock, limits, web
from hub.callers import Caller
from hub.house import House
from hub.i18n import _
from hub.problems import Problem, TooMany
from idp.acting import mandates
from idp.login import devices, session
from idp.login.session import Opened
from idp.model.factor import Kind
from idp.model.flow import Pending, Step
from idp.model.upstream import is_federated
from idp.numbers.rules import NumberWrong
from idp.provider import authorize, flows
from idp.store import factors, leaving, people
from idp.web.leave import is_forgotten, leave

OFFICIAL = ZoneInfo("Asia/Shanghai")
RECENT = timedelta(minutes=15)  # whoever changes how he signs in has shown a factor within this time
PAGES = {
    Step.login: "idp.login",
    Step.whom: "idp.whom",
    Step.level: "idp.realname",
    Step.consent: "idp.consent",
    Step.data: "idp.data",
}


@dataclass(frozen=True)
class Visit:
    """One request for a page: the moment, the session if there is one, the sign-in that waits if there is one."""

    house: House
    now: datetime
    caller: Caller | None
    flow: str
    waiting: Pending | None
    next: str

    def to(self, endpoint: str, **more: Any) -> str:
        """The address of another page, with the waiting sign-in taken along."""
        kept: dict[str, Any] = {name: value for name, value in (("flow", self.flow), ("next", self.next)) if value}
        return url_for(endpoint, **(kept | more))

    def local(self, moment: datetime) -> str:
        """A moment as people read it, in the official time of the country."""
        return f"{moment.astimezone(OFFICIAL):%Y-%m-%d %H:%M} (UTC+8)"

    def last_day(self, until: datetime) -> str:
        """The last day of what ends at a midnight: nobody is told the day after."""
        return self.local(until - datetime.resolution)[:10]

    @property
    def browser(self) -> str:
        """The secret that binds sign-ins to this browser."""
        return request.cookies.get(flows.cookie_name(self.house), "")

    @property
    def person(self) -> str:
        """Who is signed in."""
        return (self.caller.person if self.caller else None) or ""


def visit() -> Visit:
    """This request. Raises FlowGone when it names a sign-in that is not open (in this browser)."""
    house, now = web.house(), clock.now()
    caller = callers.current(house, request, session.KIND, now)
    flow = request.args.get("flow", "")
    browser = request.cookies.get(flows.cookie_name(house), "")
    waiting = authorize.pending(house, flow, caller, browser, now) if flow else None
    return Visit(house, now, caller, flow, waiting, web.local(request.args.get("next"), ""))


def show(
    visit: Visit, template: str, *, errors: dict[str, str] | None = None, status: int = 200, to: str = "", **values: Any
) -> Response:
    """A page of the room. Browsers apply form-action to redirects as well: `to` is where else its form may lead."""
    for origin in {visit.waiting.origin if visit.waiting else "", _origin(to)} - {""}:
        web.loosen("form-action", origin)
    status = 422 if errors and status == 200 else status
    return web.page(f"idp/{template}", status, visit=visit, errors=errors or {}, **values)


def refused(visit: Visit, template: str, problem: Problem, field: str = "", **values: Any) -> Response:
    """The page again, with what was typed and why it was refused."""
    response = show(visit, template, errors={field: said(problem)}, status=problem.status, **values)
    if isinstance(problem, TooMany) or problem.status == 503:
        response.headers["Retry-After"] = str(problem.extras.get("retry_after", 30))
    return response


def said(problem: Problem) -> str:
    """A problem in the reader's language, in one line."""
    if isinstance(problem, TooMany):
        return _("Too many attempts. Wait a few minutes and try again")
    return _(problem.message, **problem.values) if problem.message else _(problem.title)


def corrected(problem: NumberWrong) -> str:
    """The same, for a form whose field now holds what was probably meant: nobody is left to wonder what is wrong with it."""
    if not problem.suggestion:
        return said(problem)
    return _(
        "%(wrong)s. The field now shows what was probably meant: check it and send it again",
        wrong=said(problem).rstrip("."),
    )


def onward(visit: Visit, caller: Caller) -> Response:
    """The next step of the sign-in that waits; else where the visitor wanted to go; else his account."""
    if _lacks_second_factor(visit, caller):
        return web.see_other(visit.to("idp.second_factor"))
    if not visit.flow:
        return web.see_other(visit.next or url_for("idp.account"))
    waiting = authorize.pending(visit.house, visit.flow, caller, visit.browser, visit.now)
    if waiting.steps and waiting.steps[0] not in (Step.consent, Step.data):
        return web.see_other(visit.to(PAGES[waiting.steps[0]]))
    if asks_for_whom(visit, waiting, caller):
        return web.see_other(visit.to("idp.whom"))
    if waiting.steps:
        return web.see_other(visit.to(PAGES[waiting.steps[0]]))
    return leave(authorize.finish(visit.house, visit.flow, caller, visit.browser, visit.now))


def enter(visit: Visit, opened: Opened, response: Response | None = None) -> Response:
    """Hand a new session to the browser and go on."""
    response = response or onward(visit, opened.caller)
    if is_forgotten():
        return response
    web.sign_in_cookie(response, session.KIND, opened.cookie)
    with visit.house.database.read() as db:
        if leaving.large_text(db, opened.caller.person or ""):  # as he wants it, on whatever device
            web.keep_text(response, large=True)
    if opened.device:
        web.set_cookie(response, _device_name(visit.house), opened.device, seconds=devices.DAYS * 86_400)
    return response


def asks_for_whom(visit: Visit, waiting: Pending, caller: Caller) -> bool:
    """Whether to ask for whom the person acts: once in each sign-in at a service that wants to know, if there is a choice."""
    if not waiting.asked.for_whom or flows.has_chosen(visit.house, visit.flow, caller.sid or ""):
        return False
    with visit.house.database.read() as db:
        return bool(mandates.of(visit.house, db, caller.person or "", visit.now))


def has_chosen(visit: Visit, caller: Caller) -> None:
    """Remember that the question was answered in this sign-in."""
    if visit.flow:
        flows.choose(visit.house, visit.flow, caller.sid or "")


def is_recent(visit: Visit) -> bool:
    """Whether the person showed a factor a short while ago: one of his own, where he has any.

    A province's word lets somebody in; it does not let whoever speaks for the province take the account over for good.
    """
    caller = visit.caller
    if caller is None or caller.auth_time is None or visit.now - caller.auth_time > RECENT:
        return False
    return not is_federated(caller.amr) or not _has_own_way(visit)


def again(visit: Visit) -> Response:
    """Ask for a factor once more, then come back to this page."""
    return _once_more(visit, request.full_path.rstrip("?"))


def again_at(visit: Visit, endpoint: str) -> Response:
    """Ask for a factor once more, then go to another page: what was sent is not sent twice."""
    return _once_more(visit, url_for(endpoint))


def _once_more(visit: Visit, onward: str) -> Response:
    """Whom a province alone lets in, it asks once more; everybody else shows a factor of his own."""
    federated = visit.caller is not None and is_federated(visit.caller.amr) and not _has_own_way(visit)
    if federated:
        return web.see_other(url_for("idp.upstream", next=onward))
    return web.see_other(url_for("idp.login", again=1, next=onward))


def _has_own_way(visit: Visit) -> bool:
    with visit.house.database.read() as db:
        return any(one.kind in (Kind.password, Kind.passkey) for one in factors.of_person(db, visit.person))


def network() -> str:
    """The network from which the request comes."""
    return limits.network(request.remote_addr or "")


def device() -> str:
    """Browser and system in two words, enough to recognise one's own; the whole header would be a fingerprint."""
    agent = request.headers.get("User-Agent", "")
    browser = next((name for sign, name in BROWSERS if sign in agent), "")
    system = next((name for sign, name in SYSTEMS if sign in agent), "")
    return ", ".join(filter(None, (browser, system)))


BROWSERS = (
    ("MicroMessenger", "WeChat"),
    ("Edg/", "Edge"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def device_cookie(house: House) -> str:
    """By what this browser is known to persons who signed in on it."""
    return request.cookies.get(_device_name(house), "")


def _device_name(house: House) -> str:
    return house.settings.cookie("device")


def _lacks_second_factor(visit: Visit, caller: Caller) -> bool:
    if "mfa" in caller.amr:
        return False
    with visit.house.database.read() as db:
        person = people.person(db, caller.person or "")
    return person is not None and person.needs_second_factor


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
