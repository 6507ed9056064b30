"""The open house: what every verb needs, in one frozen value that is passed as its first argument."""

from dataclasses import dataclass, field
from typing import Any

from hub import valkey
from hub.blobs import Blobs
from hub.db import Database
from hub.fetch import Fetch
from hub.keys import Keys
from hub.settings import Settings
from hub.shared import Shared
from hub.vault import Vault


@dataclass(frozen=True)
class House:
    """One installation as a process sees it. `cache` holds parsed keys and the like; losing it costs only time."""

    settings: Settings
    database: Database
    shared: Shared
    keys: Keys
    vault: Vault
    blobs: Blobs
    fetch: Fetch
    cache: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def close(self) -> None:
        """Give connections back. The house cannot be used afterwards."""
        self.database.dispose()


def open_house(settings: Settings) -> House:
    """Open an installation for this process. Nothing is made; `app.init` makes. Raises BadSetting."""
    passphrase = settings.passphrase.get_secret_value() if settings.passphrase else ""
    keys = Keys(settings.data / "keys", passphrase)
    return House(
        settings=settings,
        database=Database(settings.database),
        shared=Shared(settings.redis_url or valkey.url(settings.data / "valkey")),
        keys=keys,
        vault=Vault(keys),
        blobs=Blobs(settings.blobs_url or str(settings.data / "blobs")),
        fetch=Fetch(settings),
    )
