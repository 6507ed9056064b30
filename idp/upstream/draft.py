"""A description of a provider, drafted from what it publishes of itself: an operator fills in what stands in angle brackets."""

import json
from typing import Any
from urllib.parse import urlsplit

from idp.model.flow import LEVELS, acr
from idp.model.upstream import METHODS_OF_PROOF, Proof, blank

OURS = ("openid", "profile", "realname")
NUMBERS = ("national_id", "id_number", "identity_number", "idcard", "number", "personal_number")


def draft(document: dict[str, Any]) -> str:
    """The TOML file for a provider with this discovery document (OpenID Connect Discovery 3)."""
    issuer = str(document["issuer"])
    name = (urlsplit(issuer).hostname or "").removeprefix("id.").removeprefix("sso.").split(".")[0]
    words = _texts(document, "acr_values_supported")
    is_ours = any(acr(level) in words for level in LEVELS)
    lines = [
        f"# From {issuer.rstrip('/')}/.well-known/openid-configuration",
        "# Fill in what stands in <>, then: yinxin upstream add FILE",
        "[[upstream]]",
        _line("id", name or blank("short name"), "in our addresses; stands for this issuer for ever"),
        _line("issuer", issuer),
        _line("name", blank("中文名称")),
        _line("name_en", blank("English name")),
        _line("region", blank("地区")),
        _line("region_en", blank("region")),
        _line("client_id", blank("our id there")),
        *_proof(_texts(document, "token_endpoint_auth_methods_supported") or ["client_secret_basic"]),
        _line("cap", 3, "we never believe more of it, from 2 to 4"),
        *([] if is_ours else _other(document, words)),
    ]
    return "\n".join(lines) + "\n"


def _proof(offered: list[str]) -> list[str]:
    """The safest of those that both know."""
    known = [one for one in METHODS_OF_PROOF if one in offered]
    line = _line("proof", known[0] if known else blank("none fits"), f"it takes: {', '.join(offered)}")
    secret = _line("secret_file", blank("file beside this one"), "it is kept sealed; delete the file afterwards")
    return [line] if known[:1] == [Proof.key] else [line, secret]


def _other(document: dict[str, Any], words: list[str]) -> list[str]:
    """What the words of a provider that is no Yinxin mean."""
    claims, scopes = _texts(document, "claims_supported"), _texts(document, "scopes_supported")
    number = next((one for one in NUMBERS if one in claims), blank("claim"))
    asked = [scope for scope in (*OURS, number) if scope in scopes] or ["openid"]
    named = ", ".join(claims) or "it does not say"
    lines = [
        _line("yinxin", value=False),
        _line("scopes", asked, f"it offers: {', '.join(scopes) or 'it does not say'}"),
        _line("number_claim", number, f"with the number of the paper. It names: {named}"),
        _line("name_claim", "name", "with the whole name, as on the paper"),
        _line("number_type", "111", "kind of paper: 111 identity card"),
        "[upstream.acr]  # what its words mean here; what is not named counts nothing. A proved real name is 2, seen in person 3",
    ]
    return [*lines, *(_line(json.dumps(word), 2) for word in words or [blank("acr value")])]


def _line(name: str, value: object, why: str = "") -> str:
    text = f"{name} = {json.dumps(value, ensure_ascii=False)}"
    return f"{text:<42} # {' '.join(why.split())[:300]}" if why else text


def _texts(document: dict[str, Any], name: str) -> list[str]:
    value = document.get(name)
    said = value if isinstance(value, list) else []
    return list(dict.fromkeys(one for one in said if isinstance(one, str) and one and one.isprintable()))
