"""A service item as an operator types it: the fields of the form become an item, or say what is wrong."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from admin.item_clients import OFFERED, checked, keys_of
from admin.model.item import RULES, Access, Audience, ItemWrong, LifeEvent, ServiceItem

Typed = Mapping[str, Sequence[str]]  # what was typed: all values of each name
LONGEST = 20_000  # characters of one field


def read(typed: Typed, code: str) -> ServiceItem:
    """The item of this code as typed. Raises ItemWrong with every field that is wrong in itself."""
    wrong: list[str] = []

    def text(name: str) -> str:
        return next(iter(typed.get(name, ())), "")[:LONGEST].strip()

    def number(name: str) -> int:
        given = text(name)
        if given.isascii() and given.isdigit() and len(given) <= 4:
            return int(given)
        wrong.append(name)
        return 0

    def one_of(name: str, kind: Callable[[str], Any], otherwise: Any) -> Any:
        try:
            return kind(text(name))
        except ValueError:
            wrong.append(name)
            return otherwise

    where = text("where")
    access = _access(typed, text, wrong) if where == "own" else None
    made = ServiceItem(
        code=code,
        name=text("name"),
        name_en=text("name_en"),
        agency=code.partition("-")[0],
        place="",
        region="",
        life_event=one_of("life_event", LifeEvent, LifeEvent.business),
        audience=one_of("audience", Audience, Audience.both),
        level=number("level"),
        kind=text("kind"),
        licenses=tuple(typed.get("licenses", ())),
        materials=_lines(text("materials")),
        legal_basis=text("legal_basis"),
        legal_basis_en=text("legal_basis_en"),
        promised_days=number("promised_days"),
        statutory_days=number("statutory_days"),
        online=where != "offline",
        offline_basis=text("offline_basis") if where == "offline" else "",
        url=text("url") if where in ("own", "shared") else "",
        client=text("client") if where == "shared" else "",
        summary=text("summary"),
        summary_en=text("summary_en"),
        materials_en=_lines(text("materials_en")),
        also=_lines(text("also")),
        hidden=text("hidden") == "yes",
        hidden_basis=text("hidden_basis") if text("hidden") == "yes" else "",
        access=access,
    )
    wrong += _misplaced(where, made)
    wrong += [name for name, rule in RULES if not rule(made)]
    if access:
        wrong += _wrong_in(access)
    if wrong:
        raise ItemWrong(fields=tuple(dict.fromkeys(wrong)))
    return made


def _misplaced(where: str, item: ServiceItem) -> list[str]:
    """What is missing for the way in which people shall apply."""
    at_site = where in ("own", "shared")
    missing = {
        "where": where not in ("here", "own", "shared", "offline"),
        "url": at_site and not item.url,
        "client": where == "shared" and not item.client,
    }
    return [name for name, is_so in missing.items() if is_so]


def _wrong_in(access: Access) -> tuple[str, ...]:
    try:
        checked(access)
    except ItemWrong as error:
        return error.fields
    return ()


def typed_of(item: ServiceItem) -> dict[str, str | list[str]]:
    """What the form of an item shows: the way back."""
    access = item.access
    shown: dict[str, str | list[str]] = {
        name: getattr(item, name)
        for name in ("name", "name_en", "summary", "summary_en", "kind", "url", "client", "legal_basis")
    }
    shown |= {name: getattr(item, name) for name in ("legal_basis_en", "offline_basis", "hidden_basis")}
    shown |= {name: str(getattr(item, name)) for name in ("level", "promised_days", "statutory_days")}
    shown |= {name: "\n".join(getattr(item, name)) for name in ("materials", "materials_en", "also")}
    shown |= {"life_event": item.life_event.value, "audience": item.audience.value, "licenses": list(item.licenses)}
    shown["hidden"] = "yes" if item.hidden else ""
    shown["where"] = "offline" if not item.online else "own" if access else "shared" if item.url else "here"
    if access:
        shown |= {
            name: "\n".join(getattr(access, name)) for name in ("redirect_uris", "trial_uris", "post_logout_uris")
        }
        shown |= {
            "purpose": access.purpose,
            "purpose_en": access.purpose_en,
            "basis": access.basis,
            "citation": access.citation,
            "policy": access.policy,
            "scopes": [one for one in access.scopes if one != "openid"],
        }
        shown["keys"] = json.dumps({"keys": access.keys}, indent=1) if access.keys else ""
        shown["jwks_uri"] = access.jwks_uri
        shown |= {"backchannel_logout_uri": access.backchannel_logout_uri, "events_uri": access.events_uri}
    return shown


def _access(typed: Typed, text: Callable[[str], str], wrong: list[str]) -> Access:
    try:
        keys = keys_of(text("keys")) if text("keys") or not text("jwks_uri") else ()
    except ItemWrong as error:
        wrong.extend(error.fields)
        keys = ()
    return Access(
        redirect_uris=_lines(text("redirect_uris")),
        keys=keys,
        jwks_uri=text("jwks_uri"),
        trial_uris=_lines(text("trial_uris")),
        post_logout_uris=_lines(text("post_logout_uris")),
        backchannel_logout_uri=text("backchannel_logout_uri"),
        events_uri=text("events_uri"),
        scopes=("openid", *typed.get("scopes", ())),
        purpose=text("purpose"),
        purpose_en=text("purpose_en"),
        basis=text("basis") or "consent",
        citation=text("citation") if text("basis") == "duty" else "",
        policy=text("policy") or OFFERED[0],
    )


def _lines(text: str) -> tuple[str, ...]:
    """The lines that hold something."""
    return tuple(line.strip() for line in text.splitlines() if line.strip())
