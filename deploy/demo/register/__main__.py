"""`python -m deploy.demo.register`: the sandbox register on a port of its own."""

import argparse
import os
from pathlib import Path

from granian import Granian
from granian.constants import Interfaces


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(
        prog="register", description="A sandbox register of fictional people and companies"
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8002)
    parser.add_argument("--data", type=Path, default=Path("data/register"))
    parser.add_argument("--url", default="", help="the address under which others reach it")
    parser.add_argument("--fault", default="none")
    asked = parser.parse_args()
    os.environ["REGISTER_DATA"] = str(asked.data)
    os.environ["REGISTER_URL"] = asked.url or f"http://localhost:{asked.port}"
    os.environ["REGISTER_FAULT"] = asked.fault
    where = "deploy.demo.register.site:from_environment"
    Granian(
        where, address=asked.host, port=asked.port, interface=Interfaces.WSGI, factory=True, log_access=False
    ).serve()


if __name__ == "__main__":
    main()
