"""Tables for a spreadsheet. A cell that a spreadsheet would run as a formula is made plain text."""

import csv
import io
from collections.abc import Iterable, Sequence

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")  # OWASP, CSV Injection: the beginnings of a formula
MARK = "\ufeff"  # so that a spreadsheet takes it for UTF-8

Cell = str | float | None


def csv_of(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """Columns and rows as CSV (RFC 4180). None is an empty cell; a number stays a number."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([plain(column) for column in columns])
    writer.writerows([[plain(cell) for cell in row] for row in rows])
    return (MARK + text.getvalue()).encode()


def plain(cell: Cell) -> str:
    """A cell that is only text: what begins like a formula, also after blanks, gets an apostrophe before it."""
    if cell is None:
        return ""
    if not isinstance(cell, str):
        return f"{cell:g}" if isinstance(cell, float) else str(cell)
    begins = cell.lstrip(" \u00a0\u3000\ufeff").startswith((*DANGEROUS, "＝", "＋", "－", "＠"))
    return f"'{cell}" if begins or cell.startswith(DANGEROUS) else cell
