"""Keys that gave a wrong signature: a file beside each keeps every process from using it until an operator releases it."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from hub.keys.folder import write_new
from hub.keys.problems import KeyQuarantined

if TYPE_CHECKING:
    from collections.abc import Callable

log = structlog.get_logger("keys")
ENDING = "quarantined"


class Quarantine:
    """The marks in one folder of keys. `alarm` is told of each new one, with its name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.alarm: Callable[[str], object] = str

    def check(self, name: str) -> None:
        """Raise KeyQuarantined if this key may not be used; asked before each signature, so it costs microseconds."""
        if os.path.exists(f"{self._folder}/{name}.{ENDING}"):  # noqa: PTH110  pathlib takes four times as long
            raise KeyQuarantined(
                "The key %(name)s gave a wrong signature and signs nothing until it is released", name=name
            )

    def put(self, name: str, custody: str) -> None:
        """Mark a key. From now on it signs nothing, in any process on this folder."""
        write_new(self._mark(name), json.dumps({"name": name, "custody": custody}).encode())
        log.error("key.quarantined", key=name, custody=custody)
        self.alarm(name)

    def names(self) -> dict[str, str]:
        """Every marked key and where it is kept."""
        abouts = [json.loads(path.read_text()) for path in sorted(self._folder.glob(f"*.{ENDING}"))]
        return {about["name"]: about["custody"] for about in abouts}

    def release(self, name: str) -> None:
        """Take the mark away."""
        self._mark(name).unlink(missing_ok=True)

    def _mark(self, name: str) -> Path:
        return self._folder / f"{name}.{ENDING}"
