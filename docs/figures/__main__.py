"""Count the figures of every board again from an export of the ledger. Needs Python alone, nothing of the house.

    yinxin ledger export > ledger.jsonl
    python docs/figures ledger.jsonl [--now 2026-11-22T12:00:00Z]

Prints one JSON object: what each board shows at that moment (by default: now). Without a file, standard input is read.
"""

import argparse
import inspect
import json
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

HERE = Path(__file__).resolve().parent
WANTED = {"kind", "subject", "by", "place", "at", "facts"}


class NoEvent(Exception):
    """A line is not an event of the ledger; the text says which."""


def main(arguments: list[str]) -> int:
    """Read, count, print. Gives the exit code: 2 if a line is no event."""
    parser = argparse.ArgumentParser(prog="python docs/figures", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("file", nargs="?", type=argparse.FileType(encoding="utf-8"), default=sys.stdin)
    parser.add_argument("--now", type=moment, default=datetime.now(UTC), help="the moment of the boards, as ISO 8601")
    given = parser.parse_args(arguments)
    try:
        told = every(read(given.file), given.now)
    except NoEvent as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(json.dumps(told, ensure_ascii=False, indent=1) + "\n")
    return 0


def read(lines: Iterable[str]) -> list[dict[str, Any]]:
    """The events of an export. Raises NoEvent."""
    events = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            event = json.loads(line)
        except ValueError as error:
            raise NoEvent(f"line {number} is not JSON") from error
        if not isinstance(event, dict) or not event.keys() >= WANTED:
            raise NoEvent(f"line {number} is no event of a ledger")
        events.append(event)
    return events


def every(events: list[dict[str, Any]], now: datetime) -> dict[str, dict[str, int | float]]:
    """The figures of each system at a moment, by the name of its program."""
    told = {}
    for path in sorted(HERE.glob("[a-z]*.py")):
        figures = program(path).figures
        told[path.stem] = figures(events, **({"now": now} if "now" in inspect.signature(figures).parameters else {}))
    return told


def program(path: Path) -> ModuleType:
    """One of the programs beside this one, wherever this folder stands."""
    spec = spec_from_file_location(f"figures_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    made = module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def moment(text: str) -> datetime:
    """A moment with its zone, in ISO 8601."""
    read = datetime.fromisoformat(text)
    if read.tzinfo is None:
        raise argparse.ArgumentTypeError("the moment needs a zone, such as Z")
    return read


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
