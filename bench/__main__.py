"""`make bench`: every bench in turn, each in a process of its own, so that none pays for another's imports."""

import subprocess
import sys
from pathlib import Path


def main() -> int:
    """Run all, or those named; the exit code tells how many failed."""
    known = sorted(path.stem for path in Path(__file__).parent.glob("[a-z]*.py"))
    failed = 0
    for name in sys.argv[1:] or known:
        print(f"\n== {name}", flush=True)
        failed += subprocess.run([sys.executable, "-m", f"bench.{name}"], check=False).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main())
