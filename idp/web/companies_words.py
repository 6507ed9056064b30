"""What pages about companies say: states, matters, days, and what was done by a mandate."""

from datetime import date, datetime, time, timedelta

from sqlalchemy import Connection

from hub.i18n import _, language
from idp.model.mandate import EVERYTHING, Mandate
from idp.model.organization import Organization, OrganizationState
from idp.store import matters
from idp.web.desk import OFFICIAL


def matters_of(db: Connection, codes: tuple[str, ...]) -> list[str]:
    """The names of matters in the reader's language; one that is gone by its code. Empty: all."""
    if codes == EVERYTHING:
        return []
    known = {one.code: one.name if language() == "zh-Hans" else one.name_en for one in matters.matters(db)}
    return [known.get(code, code) for code in codes]


def state_words(company: Organization | None, mandate: Mandate, now: datetime) -> str:
    """Why one cannot act by a mandate just now; nothing if one can."""
    if company is not None and company.state is not OrganizationState.active:
        return company_state(company)
    if mandate.suspended:
        return _("Waits until the new legal representative confirms it")
    if mandate.since > now:
        return _("Begins later")
    return ""


def company_state(company: Organization) -> str:
    """How a company stands in the register."""
    return {
        OrganizationState.active: _("In force in the register"),
        OrganizationState.suspended: _("The register has changed: its legal representative has to claim it again"),
        OrganizationState.revoked: _("Revoked, says the register"),
        OrganizationState.deregistered: _("Deregistered, says the register"),
    }[company.state]


def why_words(why: str) -> str:
    """Why a mandate ended."""
    return {
        "laid down": _("laid down"),
        "removed by legal-representative": _("removed by the legal representative"),
        "removed by manager": _("removed by a manager"),
        "the mandate above has ended": _("the mandate above it ended"),
        "the legal representative changed": _("the legal representative changed"),
    }.get(why, _("ended otherwise"))


def day_of(moment: datetime) -> str:
    """The day on which something begins, as clocks in China show it."""
    return f"{moment.astimezone(OFFICIAL):%Y-%m-%d}"


def last_day(until: datetime) -> str:
    """The last day of what ends at a midnight."""
    return day_of(until - datetime.resolution)


def begin_of(text: str, now: datetime) -> datetime | None:
    """The beginning of a day that was typed, today from now on; None if it is no day."""
    day = _day(text)
    if day is None:
        return None
    begin = datetime.combine(day, time(), OFFICIAL)
    return max(begin, now) if day == now.astimezone(OFFICIAL).date() else begin


def end_of(text: str) -> datetime | None:
    """The end of a day that was typed; None if it is no day."""
    day = _day(text)
    return None if day is None else datetime.combine(day, time(), OFFICIAL) + timedelta(days=1)


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        return None
    return day if date(2000, 1, 1) <= day <= date(2200, 1, 1) else None
