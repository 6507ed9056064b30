"""What the demo says on the terminal: little, and for people. Everything that the processes say goes to a file."""

import os
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path

from deploy.demo.plan import Demo

Say = Callable[[str], None]
TAIL = 15  # lines of the log that are shown when the demo does not start


def quiet(log: Path) -> Say:
    """Send all output of this process, and of those it starts, to a file; give the way to the terminal."""
    terminal = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8", errors="replace", buffering=1)
    sys.stdout.flush()
    with log.open("wb") as file:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(file.fileno(), stream.fileno())

    def say(line: str) -> None:
        print(line, file=terminal, flush=True)

    return say


def ending(log: Path) -> str:
    """The last lines of the log, for a start that failed."""
    lines = log.read_text("utf-8", "replace").splitlines()[-TAIL:]
    return "\n".join(["", f"The last lines of {log}:", *(f"  {line[:200]}" for line in lines)])


def welcome(demo: Demo, accounts: list[dict[str, str]], seconds: float) -> str:
    """Where everything is, who is there, what to try."""
    lines = [
        "",
        f"印信 Yinxin is ready ({seconds:.0f} s)",
        "",
        *_table(_places(demo)),
        "",
        "Accounts, all invented",
        *_table([(one["who"], one.get("link") or f"{one['account']}  {one['password']}") for one in accounts]),
        "",
        "Try",
        "  1. Sign in at department A, then open department B: no second login, only your consent.",
        "  2. Issue a license at a department's desk. A second later it is in the wallet.",
        "  3. Download it, or show its code, and check it at the verification page. Change one byte, check again.",
        "  4. Suspend or revoke it at the desk; check again.",
        "  5. At the hub sign in with your province's account: province 87 knows somebody whom the hub does not.",
        f"  Officers need six digits: their keys are in {demo.folder}/accounts.json, or type:  make codes{_folder(demo)}",
        f"  Or watch it play by itself, in another terminal:  make tour{_options(demo)}",
        "",
        *(_phone(demo) if demo.tls and demo.host != "localhost" else []),
        f"Stop with Ctrl-C. Data and log stay in {demo.folder} (log.txt).",
    ]
    return "\n".join(lines)


def _places(demo: Demo) -> list[tuple[str, str]]:
    return [
        ("Portal, wallet, console", f"{demo.url('hub')}/"),
        ("Verification, for everyone", f"{demo.url('verify')}/"),
        ("Department A, Yunlan province", f"{demo.url('market')}/"),
        ("Department B, Lanhai province", f"{demo.url('civil')}/"),
        ("Data office, Yunlan province", f"{demo.url('yunlan')}/"),
        ("Province 87, an installation of its own", f"{demo.url('province')}/"),
        ("Register, makes fictional people", f"{demo.url('register')}/"),
    ]


def _options(demo: Demo) -> str:
    elsewhere = "" if demo.url("hub") == "http://localhost:8000" else f" HUB={demo.url('hub')}" + _authority(demo)
    return elsewhere + (f" ACCOUNTS={demo.folder}/accounts.json" if _folder(demo) else "")


def _folder(demo: Demo) -> str:
    return "" if demo.folder == Path("data/demo") else f" DATA={demo.folder}"


def _authority(demo: Demo) -> str:
    return f" CA={demo.tls.authority}" if demo.tls else ""


def _phone(demo: Demo) -> list[str]:
    return [
        "Phone, in the same network: this code leads to the demo's certificate. Install it once (docs/run.md says how).",
        *_code(f"{demo.url('hub')}/demo-ca.crt"),
        "Passkeys need a name, so they are not offered at a bare address: use a password there.",
        "",
    ]


def _code(text: str) -> list[str]:
    """A QR code in half blocks: two rows of it in each line, light where it is light."""
    import qrcode

    drawn = qrcode.QRCode(border=4)
    drawn.add_data(text)
    rows = drawn.get_matrix()
    rows += [[False] * len(rows[0])] * (len(rows) % 2)
    marks = {(False, False): "█", (False, True): "▀", (True, False): "▄", (True, True): " "}
    return [
        "  " + "".join(marks[pair] for pair in zip(*two, strict=True))
        for two in zip(rows[::2], rows[1::2], strict=True)
    ]


def _table(rows: list[tuple[str, str]]) -> list[str]:
    wide = max(_width(left) for left, _ in rows)
    return [f"  {left}{' ' * (wide - _width(left))}   {right}" for left, right in rows]


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)
