"""A person's copy of everything that is held about him: made outside the request, sealed for him, there for one hour.

Nothing in an address, a log or a job tells whose it is or opens it: fetching it takes his session and a factor shown just now.
"""

import io
import json
import secrets
import zipfile
from datetime import datetime, timedelta
from typing import Any

from markupsafe import Markup, escape

from hub import held, jobs, ledger, limits, notices
from hub.held import Whose
from hub.house import House
from hub.i18n import N_, translated
from hub.jobs import Job
from hub.limits import Limit
from idp.store import leaving, people

KIND = "idp.copy"  # of the job
PURPOSE = "copy"  # in the vault
LIFE = timedelta(hours=1)  # from when it is ready
MAKING = timedelta(hours=1)  # no longer than this does anybody wait for it
ASKS = Limit("copies", 5, 86_400)
READY = N_("The copy of your data is ready for one hour")
TITLE = N_("Everything that is held about you")


def ask(house: House, person: str, language: str, *, now: datetime) -> None:
    """Begin a copy; the one before is thrown away. Raises TooMany."""
    limits.check(house.shared, ASKS, person)
    id = secrets.token_hex(16)
    with house.database.write() as db:
        leaving.ask_copy(db, person, id, now, now + MAKING)
        job = jobs.add(db, KIND, {"person": person, "copy": id, "language": language}, now)
        ledger.wrote(db, "person.copy-asked", f"person:{person}", by=f"person:{person}", at=now)
    jobs.wake(house, job)


def make(house: House, job: Job, now: datetime) -> None:
    """Do the job: collect, pack, seal. A second run makes the same again, and keeps it if it is still wanted."""
    person, language = job.body["person"], job.body["language"]
    with house.database.read() as db:
        who = people.person(db, person)
    if who is None or not who.usable:
        return
    keys = tuple(key for key in (who.holder_key, *who.former_keys) if key)
    found = held.everything(house, Whose(person, keys), now)
    packed = pack(found, language, now)
    with house.database.write() as db:
        sealed = house.vault.encrypt(db, person, packed, PURPOSE)
        if leaving.keep_copy(db, person, job.body["copy"], sealed, now + LIFE):
            notices.tell(db, person, READY, link="/account/copy", at=now)


def fetch(house: House, person: str, *, now: datetime) -> bytes | None:
    """The copy, if it is ready and its hour is not over."""
    with house.database.read() as db:
        sealed = leaving.sealed_copy(db, person, now)
        return house.vault.decrypt(db, person, sealed, PURPOSE) if sealed else None


def forget(house: House, now: datetime) -> int:
    """Throw away copies whose time is over; say how many."""
    with house.database.write() as db:
        return leaving.forget_copies(db, now)


def pack(found: dict[str, Any], language: str, now: datetime) -> bytes:
    """One ZIP: all of it as JSON for programs, as a page for people, and each receipt as the file that was signed."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as zipped:
        whole = {"made": now.isoformat(timespec="seconds"), "parts": found}
        zipped.writestr("data.json", json.dumps(whole, ensure_ascii=False, indent=1, default=str))
        zipped.writestr("data.html", page(found, language, now))
        for receipt in found.get("Receipts", ()):
            zipped.writestr(f"receipts/{receipt['id']}.jwt", receipt["signed"])
    return file.getvalue()


def page(found: dict[str, Any], language: str, now: datetime) -> str:
    """The same for people: one page that needs nothing else, with no script."""
    parts = [
        Markup("<section><h2>{}</h2>{}</section>").format(translated(title, language), _shown(value))
        for title, value in found.items()
    ]
    return PAGE.format(
        language=language,
        title=translated(TITLE, language),
        made=f"{now:%Y-%m-%d %H:%M} UTC",
        body=Markup("").join(parts),
    )


def _shown(value: Any) -> Markup:
    if isinstance(value, dict):
        rows = [Markup("<tr><th>{}</th><td>{}</td></tr>").format(name, _shown(one)) for name, one in value.items()]
        return Markup("<table>{}</table>").format(Markup("").join(rows)) if rows else Markup("-")
    if isinstance(value, list | tuple):
        rows = [Markup("<li>{}</li>").format(_shown(one)) for one in value]
        return Markup("<ol>{}</ol>").format(Markup("").join(rows)) if rows else Markup("-")
    return escape("-" if value in ("", None) else value)


PAGE = Markup("""<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>body{{font:1rem/1.6 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}}table{{border-collapse:collapse}}
th,td{{text-align:left;vertical-align:top;padding:.2rem .8rem;border-bottom:1px solid #ccc;overflow-wrap:anywhere}}</style>
</head><body><h1>{title}</h1><p>{made}</p>{body}</body></html>
""")
