"""The public status of the service: how its parts are now, and how they have been. What was not measured is said to be so."""

from datetime import date, datetime

from admin.model.status import Day, History, Part, last_days, works
from admin.store import status as store
from admin.workdays import day_of
from hub import health
from hub.house import House


def sample(house: House, now: datetime) -> None:
    """Look once how each part is; the ticker does so every minute."""
    results, today = health.report(house, now).results, day_of(now)
    with house.database.write() as db:
        for part in Part:
            good = works(part, results)
            store.add(db, today, part, good=good)
            if store.last(db, part) != good:
                store.turned(db, part, now, good=good)
        store.forget(db, today, now)


def history(house: House, now: datetime) -> list[History]:
    """Each part with how it is this moment and how it was on each day that is kept."""
    results, days = health.report(house, now).results, last_days(day_of(now))
    found = _kept(house, days[0]) if results["database"] == "ok" else {part: {} for part in Part}
    return [History(part, works(part, results), tuple(found[part].get(day, Day(day)) for day in days)) for part in Part]


def _kept(house: House, since: date) -> dict[Part, dict[date, Day]]:
    with house.database.read() as db:
        return store.days(db, since)
