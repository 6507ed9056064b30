"""A department's own web site as the tests play it: it publishes its keys and the list of its addresses."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, cast

from joserfc.jwk import ECKey

from hub.house import House

ORIGIN = "https://market.qiyun.example"


@dataclass
class Site:
    """Answers GET with what `pages` has; notes what it was asked. `down` makes it fail."""

    pages: dict[str, Any] = field(default_factory=dict)
    headers: list[tuple[str, str]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    down: bool = False

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        self.asked.append(path)
        if self.down or path not in self.pages:
            start("503 Service Unavailable" if self.down else "404 Not Found", [])
            return [b""]
        page = self.pages[path]
        start("200 OK", [("Content-Type", "application/json"), *self.headers])
        return [page if isinstance(page, bytes) else json.dumps(page).encode()]

    def publishes(self, *keys: ECKey | dict[str, Any]) -> "Site":
        """Its key set from now on."""
        self.pages["/jwks"] = {"keys": [key if isinstance(key, dict) else key.as_dict(private=False) for key in keys]}
        return self


def site(house: House, origin: str = ORIGIN, **given: Any) -> Site:
    """A site that this house can reach at the origin."""
    made = Site(**given)
    house.fetch.serve_here(origin, made)
    return made


def key(kid: str, **parameters: Any) -> ECKey:
    """A fresh key of a service."""
    return ECKey.generate_key("P-256", parameters=cast("Any", {"kid": kid, **parameters}))
