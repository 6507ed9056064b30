"""A dead provider costs nobody seconds: after one call that failed the next ones are refused at once, for a while.

Then one caller tries, and only one at a time, until a call succeeds again.
"""

from hub.addresses import AddressRefused
from hub.fetch import Answer, NotReachable
from hub.house import House
from idp.model.upstream import Upstream, UpstreamDown

SECONDS = 3.0  # for one call; whoever waits longer waits for nothing
OPEN_SECONDS = 30
REMEMBERED = 600  # that it has failed at all: then callers try one by one


def call(house: House, upstream: Upstream, method: str, url: str, **more: object) -> Answer:
    """Call a provider. Raises UpstreamDown, at once if it is known to be down. A 5xx is no answer either."""
    may_try(house, upstream)
    try:
        does = house.fetch.get if method == "GET" else house.fetch.post
        answer = does(url, seconds=SECONDS, **more)  # type: ignore[arg-type]
    except (NotReachable, AddressRefused) as error:
        failed(house, upstream)
        raise UpstreamDown("No answer came in time") from error
    if answer.status >= 500:
        failed(house, upstream)
        raise UpstreamDown("No answer came in time")
    succeeded(house, upstream)
    return answer


def is_down(house: House, upstream: Upstream) -> bool:
    """Whether it failed within the last half minute."""
    return house.shared.peek(_open(upstream)) is not None


def may_try(house: House, upstream: Upstream) -> None:
    """Raises UpstreamDown while it is down, and, after it was, for all but one at a time."""
    shared = house.shared
    waits = is_down(house, upstream) or (
        shared.peek(_failing(upstream)) is not None and not shared.first(_trying(upstream), int(SECONDS) + 1)
    )
    if waits:
        raise UpstreamDown("No answer came in time")


def failed(house: House, upstream: Upstream) -> None:
    """It did not answer."""
    house.shared.put(_failing(upstream), "1", REMEMBERED)
    house.shared.put(_open(upstream), "1", OPEN_SECONDS)


def succeeded(house: House, upstream: Upstream) -> None:
    """It answers (again)."""
    if house.shared.peek(_failing(upstream)) is not None:
        house.shared.forget(_failing(upstream), _open(upstream), _trying(upstream))


def _open(upstream: Upstream) -> str:
    return f"idp:upstream:open:{upstream.id}"


def _failing(upstream: Upstream) -> str:
    return f"idp:upstream:failing:{upstream.id}"


def _trying(upstream: Upstream) -> str:
    return f"idp:upstream:trying:{upstream.id}"
