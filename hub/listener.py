"""One listener: granian with its worker processes, as a program (`python -m hub.listener hub|verification FRONT`).

This process knows no room; each worker is spawned, never forked, and opens the house for itself.
"""

import multiprocessing
import sys
from importlib import import_module
from typing import Any

from granian.constants import Interfaces, SSLProtocols
from granian.http import HTTP1Settings
from granian.server import Server

from hub import log, settings
from hub.bridge import Bridge
from hub.process import dies_with_us

HEADER_MS = 10_000  # a caller who takes longer to say what he wants is slow on purpose
OVERHEAD = 100_000  # bytes of a form around an uploaded file
DRAIN_SECONDS = 15  # a worker that still answers after this is ended by force


def load(front: str) -> Any:
    """Make the application in a worker. It ends with its listener, whatever ended that."""
    dies_with_us()
    read = settings.read()
    log.setup(json=read.log_json)
    served = import_module(front)
    return Bridge(served.wsgi(), threads=read.threads, most=read.upload_bytes + OVERHEAD, quick=served.QUICK)


def server(name: str, front: str) -> Any:
    """The listener of one origin, as the settings want it."""
    read = settings.read()
    port, workers = (
        (read.verify_port, max(1, read.workers // 2)) if name == "verification" else (read.port, read.workers)
    )
    return Server(
        front,
        address=read.host,
        port=port,
        interface=Interfaces.RSGI,
        workers=workers,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_MS),
        websockets=False,
        ssl_cert=read.tls_certificate,
        ssl_key=read.tls_key,
        ssl_protocol_min=SSLProtocols.tls13 if read.tls_minimum == "1.3" else SSLProtocols.tls12,
        respawn_failed_workers=True,
        workers_kill_timeout=DRAIN_SECONDS,
    )


def main() -> None:
    """Listen until SIGTERM, then let the workers finish what they answer."""
    dies_with_us()
    multiprocessing.set_start_method("spawn")
    made = server(*sys.argv[1:])
    log.setup(json=settings.read().log_json)
    made.serve(target_loader=load)


if __name__ == "__main__":
    main()
