"""The register's book: one SQLite file with people, companies and running live checks."""

import secrets
import sqlite3
import unicodedata
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from deploy.demo.register.people import COMPANIES, PEOPLE, Company, Person

TABLES = """
CREATE TABLE IF NOT EXISTS people (number TEXT PRIMARY KEY, name TEXT NOT NULL, note TEXT NOT NULL, note_zh TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS companies (code TEXT PRIMARY KEY, name TEXT NOT NULL, representative TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS checks (id TEXT PRIMARY KEY, number TEXT NOT NULL, name TEXT NOT NULL, return_url TEXT NOT NULL,
                                   outcome TEXT NOT NULL DEFAULT 'open');
"""


@dataclass(frozen=True)
class Check:
    """A live check that someone has begun: whose it is, where he goes back to, how it ended."""

    id: str
    number: str
    name: str
    return_url: str
    outcome: str


class Book:
    """Everything the register knows. Each call is one short transaction, so several processes may share the file."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "register.db"
        with closing(self._open()) as db, db:
            db.executescript(TABLES)
            for person in PEOPLE:
                db.execute("INSERT OR IGNORE INTO people VALUES (?, ?, ?, ?)", _row(person))
            for company in COMPANIES:
                db.execute("INSERT OR IGNORE INTO companies VALUES (?, ?, ?)", _company_row(company))

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=10)

    def _one(self, sql: str, *values: str) -> tuple[str, ...] | None:
        with closing(self._open()) as db, db:
            row: tuple[str, ...] | None = db.execute(sql, values).fetchone()
            return row

    def _write(self, sql: str, *values: str) -> int:
        with closing(self._open()) as db, db:
            return db.execute(sql, values).rowcount

    def people(self) -> list[Person]:
        """Everyone, the listed ones first."""
        with closing(self._open()) as db:
            return [Person(*row) for row in db.execute("SELECT number, name, note, note_zh FROM people ORDER BY rowid")]

    def companies(self) -> list[Company]:
        """Every organisation."""
        with closing(self._open()) as db:
            return [
                Company(*row) for row in db.execute("SELECT code, name, representative FROM companies ORDER BY rowid")
            ]

    def add(self, person: Person) -> None:
        """Enter a person."""
        self._write("INSERT INTO people VALUES (?, ?, ?, ?)", *_row(person))

    def add_company(self, company: Company) -> None:
        """Enter an organisation."""
        self._write("INSERT INTO companies VALUES (?, ?, ?)", *_company_row(company))

    def knows(self, number: str, name: str) -> bool:
        """Whether number and name belong to one person. Does not tell which of the two is wrong."""
        row = self._one("SELECT name FROM people WHERE number = ?", number)
        return row is not None and _plain(row[0]) == _plain(name)

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
        return Check(*row) if row else None

    def end_check(self, check_id: str, outcome: str) -> bool:
        """Set the outcome once; a second try changes nothing."""
        return self._write("UPDATE checks SET outcome = ? WHERE id = ? AND outcome = 'open'", outcome, check_id) == 1


def _row(person: Person) -> tuple[str, str, str, str]:
    return (person.number, person.name, person.note, person.note_zh)


def _company_row(company: Company) -> tuple[str, str, str]:
    return (company.code, company.name, company.representative)


def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).upper().replace(",", " ").split())
