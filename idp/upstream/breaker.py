"""A dead provider costs nobody seconds: after one call that failed the next ones are refused at once, for a while.

Then one caller tries, and only one at a time, until a call succeeds again. The while is short at first: who was only started
anew is back in seconds.
"""

from hub.addresses import AddressRefused
from hub.fetch import Answer, NotReachable
from hub.house import House
from idp.model.upstream import Upstream, UpstreamDown

SECONDS = 3.0  # for one call; whoever waits longer waits for nothing
WAITS = (2, 10, 30)  # seconds for which nobody calls it, after the first failure, the second, and each further one
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
    """Whether it failed a moment ago."""
    return house.shared.peek(_open(upstream)) is not None


def has_failed(house: House, upstream: Upstream) -> bool:
    """Whether no call has succeeded since one failed."""
    return house.shared.peek(_failing(upstream)) is not None


def may_try(house: House, upstream: Upstream) -> None:
    """Take the turn of the one who tries. Raises UpstreamDown while it is down, and, after it was, for all but one at a time."""
    if is_down(house, upstream) or (
        has_failed(house, upstream) and not house.shared.first(_trying(upstream), int(SECONDS) + 1)
    ):
        raise UpstreamDown("No answer came in time")


def failed(house: House, upstream: Upstream) -> None:
    """It did not answer. Many who asked at once have seen one failure."""
    if not is_down(house, upstream):
        times = house.shared.count(_failing(upstream), REMEMBERED)
        house.shared.put(_open(upstream), "1", WAITS[min(times, len(WAITS)) - 1])


def succeeded(house: House, upstream: Upstream) -> None:
    """It answers (again)."""
    if has_failed(house, upstream):
        house.shared.forget(_failing(upstream), _open(upstream), _trying(upstream))


def _open(upstream: Upstream) -> str:
    return f"idp:upstream:open:{upstream.id}"


def _failing(upstream: Upstream) -> str:
    return f"idp:upstream:failing:{upstream.id}"


def _trying(upstream: Upstream) -> str:
    return f"idp:upstream:trying:{upstream.id}"
