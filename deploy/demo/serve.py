"""One small site of the demo in a process of its own: `python -m deploy.demo.serve deploy.demo.market.site --port 8003`."""

import argparse
from pathlib import Path

from granian.constants import Interfaces
from granian.server import Server

THREADS = 4  # the sites wait for the hub most of the time


def main() -> None:
    """Serve the module's `from_environment()` until told to stop. One process: what a site remembers is in its memory."""
    parser = argparse.ArgumentParser(prog="serve", description="One site of the demo")
    parser.add_argument("module")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--certificate", type=Path)
    parser.add_argument("--key", type=Path)
    asked = parser.parse_args()
    Server(
        f"{asked.module}:from_environment",
        address=asked.host,
        port=asked.port,
        interface=Interfaces.WSGI,
        factory=True,
        blocking_threads=THREADS,
        websockets=False,
        ssl_cert=asked.certificate,
        ssl_key=asked.key,
    ).serve()


if __name__ == "__main__":
    main()
