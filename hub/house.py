"""The open house: what every verb needs, in one frozen value that is passed as its first argument."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hub import custody, outbox, valkey
from hub.blobs import Blobs
from hub.db import Database
from hub.fetch import Fetch
from hub.keys import Keys
from hub.settings import PREFIX, BadSetting, Settings
from hub.shared import Shared
from hub.tally import Tally
from hub.vault import Vault

if TYPE_CHECKING:
    from hub.keys.elsewhere import Elsewhere
    from hub.token import Token


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
    tally: Tally
    cache: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def close(self) -> None:
        """Give connections back. The house cannot be used afterwards."""
        outbox.close(self)
        self.tally.close()
        self.database.dispose()


def open_house(settings: Settings) -> House:
    """Open an installation for this process. Nothing is made; `app.init` makes. Raises BadSetting."""
    passphrase = settings.passphrase.get_secret_value() if settings.passphrase else ""
    keys = Keys(
        settings.data / "keys",
        passphrase,
        token=_token(settings),
        in_token=settings.pkcs11_purposes.split(","),
        sealer=_sealer(settings),
    )
    shared = Shared(settings.redis_url or valkey.url(settings.data / "valkey"))
    house = House(
        settings=settings,
        database=Database(settings.database),
        shared=shared,
        keys=keys,
        vault=Vault(keys),
        blobs=Blobs(settings.blobs_url or str(settings.data / "blobs")),
        fetch=Fetch(settings),
        tally=Tally(shared),
    )
    custody.watch(house)
    return house


def _sealer(settings: Settings) -> "Elsewhere | None":
    between = (settings.sealer_certificate, settings.sealer_key, settings.sealer_ca)
    if not settings.sealer_url:
        return None
    if not all(between):
        raise BadSetting(f"{PREFIX}SEALER_URL needs {PREFIX}SEALER_CERTIFICATE, _KEY and _CA")
    from hub.keys.elsewhere import Elsewhere  # only who needs it loads it

    return Elsewhere(settings.sealer_url, *between)  # type: ignore[arg-type]  # all three are there


def _token(settings: Settings) -> "Token | None":
    if settings.pkcs11_module is None:
        return None
    from hub.token import Token  # only who has a token loads its library

    pin = settings.pkcs11_pin.get_secret_value() if settings.pkcs11_pin else ""
    return Token(settings.pkcs11_module, settings.pkcs11_token, pin)
