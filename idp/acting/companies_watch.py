"""The companies' periodic work: the register is asked again, a few at a time, and whoever's mandate ends soon is told."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hub import notices
from hub.house import House
from hub.i18n import N_
from idp.acting import companies
from idp.model.mandate import PERSON
from idp.model.realname import RegisterLater
from idp.store import mandates as store
from idp.store import organizations

BEIJING = ZoneInfo("Asia/Shanghai")
EVERY = timedelta(hours=24)  # how old the word of the register may grow
AT_ONCE = (
    5  # organisations asked about in one go: a nation's companies are spread over the day by when they were claimed
)
SOON = timedelta(days=3)  # before its end, a mandate's holder is told


def look_again(house: House, now: datetime) -> int:
    """Ask the register about the organisations that wait longest; gives how many were looked at. Later, if it does not answer."""
    with house.database.read() as db:
        due = organizations.to_check(db, now - EVERY, limit=AT_ONCE)
    for count, organization in enumerate(due):
        try:
            companies.look_again(house, organization, now)
        except RegisterLater:
            return count
    return len(due)


def warn(house: House, now: datetime) -> int:
    """Tell of mandates for companies that end within three days, once; gives how many."""
    with house.database.write() as db:
        ending = [one for one in store.to_warn(db, now, now + SOON) if not one.principal.startswith(PERSON)]
        told = [one for one in ending if store.warned(db, one.id, now) and _is_news(one.since, one.until)]
        for one in told:
            company = organizations.organization(db, one.principal)
            above = store.mandate(db, one.granted_by or "")
            assert company is not None
            assert one.until is not None
            link, day = f"/companies/{company.code}", last_day(one.until)
            notices.tell(db, one.person, ENDS, link=link, at=now, company=company.name, day=day)
            if above is not None:
                notices.tell(db, above.person, ENDS_BELOW, link=link, at=now, company=company.name, day=day)
    return len(told)


ENDS = N_("Your mandate for %(company)s ends after %(day)s")
ENDS_BELOW = N_("A mandate for %(company)s that you gave ends after %(day)s")


def last_day(until: datetime) -> str:
    """The last day of a mandate that ends at a midnight in Beijing."""
    return f"{(until - datetime.resolution).astimezone(BEIJING):%Y-%m-%d}"


def _is_news(since: datetime, until: datetime | None) -> bool:
    """Who was given three days knows it."""
    return until is not None and until - since > SOON
