"""`make codes`: what the demo's officers type just now, for whoever has no authenticator app at hand."""

import argparse
from pathlib import Path

from hub import clock
from yinxin.tour.officers import STEP, kept_in


def main() -> None:
    """Print each officer with password and code."""
    parser = argparse.ArgumentParser(prog="codes", description="Codes of the demo's officers")
    parser.add_argument("--data", type=Path, default=Path("data/demo"), help="the folder that keeps the demo's data")
    officers = kept_in(parser.parse_args().data / "accounts.json")
    if not officers:
        raise SystemExit("There is no demo yet. Start one: make demo")
    now = clock.now().timestamp()
    for one in officers:
        print(f"{one.account:16} {one.password:40} {one.code(now)}")
    print(f"Each code works once; the next ones come in {STEP - int(now) % STEP} s.")


if __name__ == "__main__":
    main()
