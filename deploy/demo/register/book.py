"""The register's book: one SQLite file with people, companies and running live checks."""

import secrets
import sqlite3
import unicodedata
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from deploy.demo.register.people import COMPANIES, KIN, ORDERS, PEOPLE, Company, Kin, Order, Person

TABLES = """
CREATE TABLE IF NOT EXISTS people (number TEXT PRIMARY KEY, name TEXT NOT NULL, note TEXT NOT NULL, note_zh TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS companies (code TEXT PRIMARY KEY, name TEXT NOT NULL, representative TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS checks (id TEXT PRIMARY KEY, number TEXT NOT NULL, name TEXT NOT NULL, return_url TEXT NOT NULL,
                                   outcome TEXT NOT NULL DEFAULT 'open');
CREATE TABLE IF NOT EXISTS papers (number TEXT PRIMARY KEY, country TEXT NOT NULL, born TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS kin (child TEXT NOT NULL, guardian TEXT NOT NULL, relation TEXT NOT NULL,
                                PRIMARY KEY (child, guardian));
CREATE TABLE IF NOT EXISTS orders (number TEXT PRIMARY KEY, ward TEXT NOT NULL, guardian TEXT NOT NULL, scope TEXT NOT NULL,
                                   until TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS tickets (id TEXT PRIMARY KEY, ticket TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS requests (id TEXT PRIMARY KEY, asker TEXT NOT NULL, return_url TEXT NOT NULL,
                                     outcome TEXT NOT NULL DEFAULT 'open', number TEXT NOT NULL DEFAULT '',
                                     level INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS registrations (code TEXT PRIMARY KEY, status TEXT NOT NULL, registered TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS deaths (number TEXT PRIMARY KEY, day TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS former (number TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (number, name));
"""
BRACKETS = str.maketrans("（）", "()")
ALL_PEOPLE = """SELECT people.number, name, note, note_zh, coalesce(country, ''), coalesce(born, '')
FROM people LEFT JOIN papers ON papers.number = people.number ORDER BY people.rowid"""


@dataclass(frozen=True)
class Check:
    """A live check that someone has begun: whose it is, where he goes back to, how it ended."""

    id: str
    number: str
    name: str
    return_url: str
    outcome: str
    country: str = ""
    born: str = ""


@dataclass(frozen=True)
class Request:
    """Somebody asks for a network identity: who asks, where the person goes back to, and whom he turned out to be."""

    id: str
    asker: str
    return_url: str
    outcome: str
    number: str
    level: int


class Book:
    """Everything the register knows. Each call is one short transaction, so several processes may share the file."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "register.db"
        with closing(self._open()) as db, db:
            db.executescript(TABLES)
            for person in PEOPLE:
                db.execute("INSERT OR IGNORE INTO people VALUES (?, ?, ?, ?)", _row(person))
                if person.country:
                    db.execute("INSERT OR IGNORE INTO papers VALUES (?, ?, ?)", _paper_row(person))
            for company in COMPANIES:
                db.execute("INSERT OR IGNORE INTO companies VALUES (?, ?, ?)", _company_row(company))
            for kin in KIN:
                db.execute("INSERT OR IGNORE INTO kin VALUES (?, ?, ?)", (kin.child, kin.guardian, kin.relation))
            for order in ORDERS:
                db.execute("INSERT OR IGNORE INTO orders VALUES (?, ?, ?, ?, ?)", _order_row(order))

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=10)

    def _one(self, sql: str, *values: str) -> tuple[str, ...] | None:
        with closing(self._open()) as db, db:
            row: tuple[str, ...] | None = db.execute(sql, values).fetchone()
            return row

    def _write(self, sql: str, *values: str) -> int:
        with closing(self._open()) as db, db:
            return db.execute(sql, values).rowcount

    def _all(self, sql: str, *values: str) -> list[tuple[str, ...]]:
        with closing(self._open()) as db:
            return db.execute(sql, values).fetchall()

    def people(self) -> list[Person]:
        """Everyone, the listed ones first."""
        with closing(self._open()) as db:
            return [Person(*row) for row in db.execute(ALL_PEOPLE)]

    def companies(self) -> list[Company]:
        """Every organisation."""
        with closing(self._open()) as db:
            return [
                Company(*row) for row in db.execute("SELECT code, name, representative FROM companies ORDER BY rowid")
            ]

    def add(self, person: Person) -> None:
        """Enter a person, with what the paper of another country tells."""
        self._write("INSERT INTO people VALUES (?, ?, ?, ?)", *_row(person))
        if person.country:
            self._write("INSERT INTO papers VALUES (?, ?, ?)", *_paper_row(person))

    def add_company(self, company: Company) -> None:
        """Enter an organisation."""
        self._write("INSERT INTO companies VALUES (?, ?, ?)", *_company_row(company))

    def knows(self, number: str, name: str, country: str = "", born: str = "") -> bool:
        """Whether these belong to one person who lives. Does not tell which of them is wrong."""
        return self._named(number, name, country, born) and self.died(number) == ""

    def status(self, number: str, name: str, country: str = "", born: str = "") -> Person | None:
        """The person who has this name, or had it before; living or not."""
        former = {_plain(row[0]) for row in self._all("SELECT name FROM former WHERE number = ?", number)}
        if not self._named(number, name, country, born) and _plain(name) not in former:
            return None
        return next((person for person in self.people() if person.number == number), None)

    def _named(self, number: str, name: str, country: str, born: str) -> bool:
        row = self._one("SELECT name FROM people WHERE number = ?", number)
        paper = self._one("SELECT country, born FROM papers WHERE number = ?", number)
        return row is not None and _plain(row[0]) == _plain(name) and (paper or ("", "")) == (country, born)

    def died(self, number: str) -> str:
        """The day of death, or nothing."""
        row = self._one("SELECT day FROM deaths WHERE number = ?", number)
        return row[0] if row else ""

    def report_death(self, number: str, day: str) -> None:
        """Enter that somebody died."""
        self._write("INSERT OR IGNORE INTO deaths VALUES (?, ?)", number, day)

    def rename(self, number: str, name: str) -> None:
        """Enter a new name; the old one is remembered."""
        self._write("INSERT OR IGNORE INTO former SELECT number, name FROM people WHERE number = ?", number)
        self._write("UPDATE people SET name = ? WHERE number = ?", name, number)

    def registration(self, code: str) -> tuple[str, str]:
        """The state of a company's registration (in-force, revoked, deregistered), and the day of its last change, if any."""
        row = self._one("SELECT status, registered FROM registrations WHERE code = ?", code)
        return (row[0], row[1]) if row else ("in-force", "")

    def register_change(self, code: str, day: str, *, status: str = "in-force", representative: str = "") -> None:
        """Enter a change of a company's registration: its state, or who represents it."""
        self._write("INSERT OR REPLACE INTO registrations VALUES (?, ?, ?)", code, status, day)
        if representative:
            self._write("UPDATE companies SET representative = ? WHERE code = ?", representative, code)

    def kin(self, child: str, guardian: str) -> Kin | None:
        """How two persons belong together."""
        row = self._one("SELECT child, guardian, relation FROM kin WHERE child = ? AND guardian = ?", child, guardian)
        return Kin(*row) if row else None

    def all_kin(self) -> list[Kin]:
        """Every child and who acts for it."""
        return [Kin(*row) for row in self._all("SELECT child, guardian, relation FROM kin ORDER BY rowid")]

    def order(self, number: str) -> Order | None:
        """A court's order; brackets of either width are one."""
        return next((one for one in self.orders() if _plain(one.number) == _plain(number)), None)

    def orders(self) -> list[Order]:
        """Every order of a court."""
        return [
            Order(*row) for row in self._all("SELECT number, ward, guardian, scope, until FROM orders ORDER BY rowid")
        ]

    def company(self, code: str) -> Company | None:
        """The organisation of a code."""
        row = self._one("SELECT code, name, representative FROM companies WHERE code = ?", code)
        return Company(*row) if row else None

    def begin_check(self, number: str, name: str, return_url: str) -> str:
        """Open a live check; gives its id."""
        check_id = secrets.token_urlsafe(24)
        self._write(
            "INSERT INTO checks (id, number, name, return_url) VALUES (?, ?, ?, ?)", check_id, number, name, return_url
        )
        return check_id

    def check(self, check_id: str) -> Check | None:
        """A live check by its id."""
        row = self._one("SELECT id, number, name, return_url, outcome FROM checks WHERE id = ?", check_id)
        paper = self._one("SELECT country, born FROM papers WHERE number = ?", row[1]) if row else None
        return Check(*row, *(paper or ())) if row else None

    def end_check(self, check_id: str, outcome: str) -> str:
        """Set the outcome once; a second try changes nothing. Gives the ticket for whoever was there, or nothing."""
        done = self._write("UPDATE checks SET outcome = ? WHERE id = ? AND outcome = 'open'", outcome, check_id)
        return self._ticket(check_id) if done == 1 else ""

    def begin_request(self, asker: str, return_url: str) -> str:
        """Note that somebody asks for a network identity; gives the id of the request."""
        request_id = secrets.token_urlsafe(24)
        self._write("INSERT INTO requests (id, asker, return_url) VALUES (?, ?, ?)", request_id, asker, return_url)
        return request_id

    def request(self, request_id: str) -> Request | None:
        """A request by its id."""
        row = self._one("SELECT id, asker, return_url, outcome, number, level FROM requests WHERE id = ?", request_id)
        return Request(row[0], row[1], row[2], row[3], row[4], int(row[5])) if row else None

    def end_request(self, request_id: str, outcome: str, number: str = "", level: int = 0) -> str:
        """Set once how it ended; gives the ticket, or nothing."""
        sql = "UPDATE requests SET outcome = ?, number = ?, level = ? WHERE id = ? AND outcome = 'open'"
        done = self._write(sql, outcome, number, str(level), request_id)
        return self._ticket(request_id) if done == 1 else ""

    def has_ticket(self, id: str, ticket: str) -> bool:
        """Whether this is the ticket that was given to the browser in which it ended."""
        row = self._one("SELECT ticket FROM tickets WHERE id = ?", id)
        return row is not None and secrets.compare_digest(row[0].encode(), ticket.encode())

    def _ticket(self, id: str) -> str:
        ticket = secrets.token_urlsafe(24)
        self._write("INSERT INTO tickets VALUES (?, ?)", id, ticket)
        return ticket


def _row(person: Person) -> tuple[str, str, str, str]:
    return (person.number, person.name, person.note, person.note_zh)


def _company_row(company: Company) -> tuple[str, str, str]:
    return (company.code, company.name, company.representative)


def _paper_row(person: Person) -> tuple[str, str, str]:
    return (person.number, person.country, person.born)


def _order_row(order: Order) -> tuple[str, str, str, str, str]:
    return (order.number, order.ward, order.guardian, order.scope, order.until)


def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).translate(BRACKETS).upper().replace(",", " ").split())
