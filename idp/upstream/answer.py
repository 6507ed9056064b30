"""What a provider answers: the answer by the browser, the tokens behind it, and what they prove of a person."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from hub.digest import digest_of
from hub.fetch import Answer
from hub.house import House
from hub.problems import Problem
from idp.model.upstream import AnswerNotTrusted, Told, Upstream, UpstreamRefused, VouchedTooLow
from idp.upstream import begin, breaker, jose, metadata
from idp.upstream.begin import Errand
from idp.upstream.checks import CHECKS, Shown, signed_in_at
from idp.upstream.jose import Claims

SIGNED = ("jwt",)  # the `typ` of an ID token, or none
LONGEST_TEXT = 200


class Cancelled(Problem):
    """The person thought better of it at the provider."""

    status = 403
    title = "You cancelled the sign-in at your province"
    advice = "Choose another way to sign in, or begin again. Nothing was changed."


def told(house: House, upstream: Upstream, errand: Errand, given: Mapping[str, str], now: datetime) -> Told:
    """What the provider proves of the person in this browser.

    Raises AnswerNotTrusted, UpstreamRefused, Cancelled, UpstreamDown, VouchedTooLow.
    """
    about = metadata.of(house, upstream, now)
    _is_his(upstream, given, named=about.names_itself)
    if "error" in given or not given.get("code"):
        raise _refusal(given.get("error", ""))
    tokens = _redeemed(house, upstream, errand, given["code"], now)
    claims, algorithm = jose.verified(house, upstream, tokens["id_token"], now, algorithms=about.algorithms, typ=SIGNED)
    shown = Shown(upstream, errand, claims, algorithm, tokens["access_token"], now)
    for check in CHECKS:
        check(shown)
    level = upstream.level(claims.get("acr"))
    if level < max(errand.level, 2):
        raise VouchedTooLow("It says level %(told)s; level %(asked)s is needed", told=level, asked=max(errand.level, 2))
    more = _userinfo(house, upstream, about.userinfo, tokens, claims, now)
    return _told(house, shown, more, tokens["id_token"], level)


def subject(house: House, upstream: Upstream, sub: str) -> str:
    """How a person of a provider is known here: by issuer and subject, and by nothing else (ASVS 6.8.1)."""
    return house.vault.blind("upstream-subject", f"{upstream.issuer}|{sub}")


def their_sid(house: House, upstream: Upstream, sid: object) -> str:
    """A session of the provider, as it is kept here."""
    return house.vault.blind("upstream-sid", f"{upstream.issuer}|{sid}") if isinstance(sid, str) and sid else ""


# -- inside


def _is_his(upstream: Upstream, given: Mapping[str, str], *, named: bool) -> None:
    """RFC 9207 2.4: who names himself is the one who was asked; who said that he would, must."""
    said = given.get("iss")
    if (said is None and named) or said not in (None, upstream.issuer):
        raise AnswerNotTrusted("The answer comes from another provider")


def _refusal(error: str) -> Problem:
    if error == "access_denied":
        return Cancelled("The sign-in was cancelled there")
    if error == "temporarily_unavailable":
        return UpstreamRefused("It is too busy just now")
    if error == "unmet_authentication_requirements":
        return VouchedTooLow("It cannot vouch for the level that is needed")
    return UpstreamRefused("It gave no reason that we know")


def _redeemed(house: House, upstream: Upstream, errand: Errand, code: str, now: datetime) -> dict[str, str]:
    """The tokens for the code (OpenID Connect Core 3.1.3)."""
    about = metadata.of(house, upstream, now)
    plain = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": begin.callback(house, upstream),
        "code_verifier": errand.verifier,
    }

    def ask(nonce: str = "") -> Answer:
        form, headers = begin.proven(house, upstream, plain, now)
        if about.dpop:
            headers |= {"DPoP": jose.dpop(house, "POST", about.token, now, nonce=nonce)}
        return breaker.call(house, upstream, "POST", about.token, form=form, headers=headers)

    answer = ask()
    if answer.status == 400 and _object(answer).get("error") == "use_dpop_nonce":  # RFC 9449 8
        answer = ask(answer.headers.get("dpop-nonce", ""))
    said = _object(answer)
    if answer.status != 200 or not all(isinstance(said.get(name), str) for name in ("access_token", "id_token")):
        raise UpstreamRefused("It did not accept its own code")
    kind = str(said.get("token_type", "")).lower()
    if kind not in ("bearer", "dpop"):
        raise AnswerNotTrusted("Its access token is of an unknown kind")
    return {"access_token": said["access_token"], "id_token": said["id_token"], "kind": kind}


def _userinfo(
    house: House, upstream: Upstream, url: str, tokens: dict[str, str], claims: Claims, now: datetime
) -> Claims:
    """What it tells beside the ID token; about the same person, or nothing counts (OpenID Connect Core 5.3.2)."""
    if not url or upstream.number_claim in claims:
        return {}
    bound = tokens["kind"] == "dpop"

    def ask(nonce: str = "") -> Answer:
        token = tokens["access_token"]
        headers = {"Authorization": f"{'DPoP' if bound else 'Bearer'} {token}", "Accept": "application/json"}
        if bound:
            headers["DPoP"] = jose.dpop(house, "GET", url, now, nonce=nonce, token=token)
        return breaker.call(house, upstream, "GET", url, headers=headers)

    answer = ask()
    if bound and answer.status == 401 and answer.headers.get("dpop-nonce"):
        answer = ask(answer.headers["dpop-nonce"])
    said = _object(answer) if answer.status == 200 else {}
    if said and said.get("sub") != claims["sub"]:
        raise AnswerNotTrusted("What it tells is about somebody else")
    return said


def _told(house: House, shown: Shown, more: Claims, id_token: str, level: int) -> Told:
    upstream, claims = shown.upstream, shown.claims
    every = more | claims  # what is signed goes first
    return Told(
        upstream=upstream,
        subject=subject(house, upstream, claims["sub"]),
        sid=their_sid(house, upstream, claims.get("sid")),
        level=level,
        amr=upstream.methods(claims.get("amr")),
        auth_time=datetime.fromtimestamp(signed_in_at(shown), UTC),
        id_token=id_token,
        digest=digest_of(id_token),
        name=_text(every, upstream.name_claim),
        number=_text(every, upstream.number_claim),
        number_type=_text(every, upstream.type_claim) or upstream.number_type,
    )


def _object(answer: Answer) -> dict[str, Any]:
    if "json" not in answer.headers.get("content-type", ""):
        return {}
    said = answer.json()
    return said if isinstance(said, dict) else {}


def _text(claims: Claims, name: str) -> str:
    value = claims.get(name)
    return value if isinstance(value, str) and len(value) <= LONGEST_TEXT else ""
