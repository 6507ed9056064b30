"""The desk's board, counted again from the ledger's own lines (`yinxin ledger export`)."""

from datetime import UTC, datetime
from typing import Any

WAITING = {"asked", "received", "dispatched", "sent-back", "taken", "noted"}  # the last step of one without an answer


def figures(events: list[dict[str, Any]], now: datetime | None = None, scope: str = "hub") -> dict[str, int]:
    """Count tickets by what last happened to them; `now` decides what is overdue, `scope` what lies here."""
    moment = now or datetime.now(UTC)
    lives: dict[str, list[dict[str, Any]]] = {}
    for event in events:
        if event["kind"].startswith("ticket."):
            lives.setdefault(event["subject"], []).append(event)
    here = [life for life in lives.values() if _within(life[-1]["facts"]["lies"], scope)]
    return {
        **{kind: sum(_kind(life) == kind for life in here) for kind in ("question", "complaint", "suspicion")},
        "waiting": sum(_steps(life)[-1] in WAITING for life in here),
        "late": sum(_steps(life)[-1] in WAITING and moment >= _limit(life, "reply_by") for life in here),
        "received_in_time": sum(_received(life) for life in here),
        "replied": sum("replied" in _steps(life) for life in here),
        "replied_in_time": sum(_replied_in_time(life) for life in here),
        "merged": sum(_steps(life)[-1] == "merged" for life in here),
        "sent_back": sum(_steps(life).count("sent-back") for life in lives.values()),
        "closed": sum(_steps(life)[-1] in ("closed", "rated") for life in here),
        "rated": sum("rated" in _steps(life) for life in here),
        "rated_bad": sum(event["facts"].get("level") in (1, 2) for life in here for event in life),
    }


def _steps(life: list[dict[str, Any]]) -> list[str]:
    return [event["kind"].removeprefix("ticket.") for event in life]


def _kind(life: list[dict[str, Any]]) -> str:
    return str(life[-1]["facts"]["kind"])


def _limit(life: list[dict[str, Any]], name: str) -> datetime:
    return datetime.fromisoformat(life[-1]["facts"][name])


def _received(life: list[dict[str, Any]]) -> bool:
    at = life[-1]["facts"]["received"]
    return bool(at) and datetime.fromisoformat(at) < _limit(life, "receive_by")


def _replied_in_time(life: list[dict[str, Any]]) -> bool:
    moments = [datetime.fromisoformat(event["at"]) for event in life if event["kind"] == "ticket.replied"]
    return bool(moments) and moments[0] < _limit(life, "reply_by")


def _within(place: str, scope: str) -> bool:
    return place == scope or place.startswith(scope + "/")
