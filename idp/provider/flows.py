"""Sign-ins under way, kept where they may be lost: a person whose flow is gone starts again at the service."""

import hmac
import json
import secrets
from datetime import datetime
from typing import Any

from hub import limits
from hub.digest import digest_of
from hub.house import House
from hub.limits import Limit
from idp.model.flow import FLOW_SECONDS, Asked, Flow, FlowGone

OPENED = Limit("flows", 600, 300)  # of one network: the short-term memory is small, and everybody's


def keep(house: House, asked: Asked, browser: str, now: datetime, *, net: str = "") -> Flow:
    """Open a flow for a checked request, bound to one browser by the secret in its cookie. Raises TooMany.

    `net` is the network that it comes from; one that opens too many has to wait.
    """
    if net:
        limits.check(house.shared, OPENED, net)
    flow = Flow(f"{secrets.token_urlsafe(16)}.{asked.client}", asked, digest_of(browser), now)
    house.shared.put(_key(flow.id), _dump(flow), FLOW_SECONDS)
    return flow


def client_of(flow_id: str) -> str:
    """The service that a flow was for, also when it is gone: its id says so. Nothing is proved by it."""
    return flow_id.partition(".")[2][:64]


def of_browser(house: House, flow_id: str, browser: str, now: datetime) -> Flow:
    """An open flow, if this very browser began it. Raises FlowGone."""
    kept = house.shared.peek(_key(flow_id))
    if kept is None:
        raise FlowGone("There is no open sign-in with this number")
    flow = _load(kept)
    if not hmac.compare_digest(flow.browser, digest_of(browser)):
        raise FlowGone("This sign-in was begun in another browser")
    if now >= flow.ends:
        raise FlowGone("This sign-in was begun too long ago")
    return flow


def close(house: House, flow_id: str) -> None:
    """Use a flow up: it gives one answer. Raises FlowGone the second time."""
    if house.shared.take(_key(flow_id)) is None:
        raise FlowGone("This sign-in was finished in another window")


def choose(house: House, flow_id: str, sid: str) -> None:
    """Remember that the person said in this flow as whom he comes."""
    house.shared.put(_chosen(flow_id, sid), "1", FLOW_SECONDS)


def has_chosen(house: House, flow_id: str, sid: str) -> bool:
    """Whether the person said in this flow as whom he comes."""
    return house.shared.peek(_chosen(flow_id, sid)) is not None


def cookie_name(house: House) -> str:
    """The cookie that binds flows to a browser. Its value is a secret of that browser, the same for all its flows."""
    return house.settings.cookie("flow")


def _chosen(flow_id: str, sid: str) -> str:
    return f"idp:whom:{digest_of(flow_id)}:{digest_of(sid)}"


def _key(flow_id: str) -> str:
    return f"idp:flow:{digest_of(flow_id)}"


def dumped(asked: Asked) -> dict[str, Any]:
    """A checked request as plain values, ready for JSON."""
    return vars(asked) | {"prompt": sorted(asked.prompt)}


def loaded(kept: dict[str, Any]) -> Asked:
    """The request that `dumped` gave. One of the release before knows fewer lists."""
    lists = ("scopes", "ui_locales", "data", "acr_values", "resources", "apis")
    named = {name: tuple(kept.get(name, ())) for name in lists}
    return Asked(**(kept | named | {"prompt": frozenset(kept["prompt"])}))


def _dump(flow: Flow) -> str:
    kept = {"id": flow.id, "asked": dumped(flow.asked), "browser": flow.browser, "started": flow.started.isoformat()}
    return json.dumps(kept, ensure_ascii=False)


def _load(kept: bytes) -> Flow:
    value: dict[str, Any] = json.loads(kept)
    return Flow(value["id"], loaded(value["asked"]), value["browser"], datetime.fromisoformat(value["started"]))
