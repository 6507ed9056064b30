"""What an ID token of a provider has to say: one small function for each rule, in order (OpenID Connect Core 3.1.3.7)."""

import hmac
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from idp.model.upstream import AnswerNotTrusted, Upstream
from idp.upstream.begin import Errand
from idp.upstream.jose import Claims, half_digest

LEEWAY = 10  # seconds that a sign-in may be older than was asked: a call and rounding take some
SKEW = 60  # seconds by which two clocks may differ: more ahead must be refused (FAPI 2.0 Security Profile 5.3.2.1)
OLDEST = 600  # seconds since it was issued: it has come straight from the token endpoint
LONGEST_SUBJECT = 255  # characters (OpenID Connect Core 2)


@dataclass(frozen=True)
class Shown:
    """An ID token whose signature is good, with what it must fit."""

    upstream: Upstream
    errand: Errand
    claims: Claims
    algorithm: str
    access_token: str
    now: datetime

    @property
    def moment(self) -> int:
        """Now, in seconds."""
        return int(self.now.timestamp())

    def number(self, name: str) -> int:
        """A claim that is a moment. Raises AnswerNotTrusted."""
        value = self.claims.get(name)
        if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
            raise AnswerNotTrusted("The ID token lacks %(name)s", name=name)
        return int(value)


def it_is_from_this_issuer(shown: Shown) -> None:
    """Rule 2: exactly."""
    if shown.claims.get("iss") != shown.upstream.issuer:
        raise AnswerNotTrusted("The ID token is of another provider")


def it_has_a_subject(shown: Shown) -> None:
    """OpenID Connect Core 2."""
    subject = shown.claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT:
        raise AnswerNotTrusted("The ID token names nobody")


def it_is_for_us_alone(shown: Shown) -> None:
    """Rules 3 to 5: we are its audience, no other is, and whoever it was issued to is us."""
    audience, ours = shown.claims.get("aud"), shown.upstream.client_id
    if audience not in (ours, [ours]) or shown.claims.get("azp", ours) != ours:
        raise AnswerNotTrusted("The ID token is for somebody else")


def it_is_in_time(shown: Shown) -> None:
    """Rules 9 and 10."""
    issued = shown.number("iat")
    if shown.number("exp") <= shown.moment - SKEW:
        raise AnswerNotTrusted("The ID token is over")
    if not shown.moment - OLDEST <= issued <= shown.moment + SKEW:
        raise AnswerNotTrusted("The ID token is not of now")
    if "nbf" in shown.claims and shown.number("nbf") > shown.moment + SKEW:
        raise AnswerNotTrusted("The ID token is not of now")


def it_answers_our_question(shown: Shown) -> None:
    """Rule 11."""
    nonce = shown.claims.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), shown.errand.nonce.encode()):
        raise AnswerNotTrusted("The ID token answers another question")


def it_belongs_to_the_access_token(shown: Shown) -> None:
    """OpenID Connect Core 3.1.3.8; where it says so, and it must be right."""
    said = shown.claims.get("at_hash")
    if said is not None and said != half_digest(shown.access_token, shown.algorithm):
        raise AnswerNotTrusted("The ID token belongs to another access token")


def he_signed_in_lately(shown: Shown) -> None:
    """Rule 13: we asked how long ago it may be, so it has to say when it was. One that was to be anew came after we asked."""
    at = signed_in_at(shown)
    since = int(shown.errand.began) if shown.errand.anew else shown.moment - shown.errand.max_age
    if shown.number("auth_time") > shown.number("iat") + LEEWAY or at < since - LEEWAY:
        raise AnswerNotTrusted("He signed in there too long ago")


def signed_in_at(shown: Shown) -> float:
    """When he signed in there, by our clock: as long before now as before the ID token, which was made just now, by theirs."""
    at = shown.now.timestamp() - max(0, shown.number("iat") - shown.number("auth_time"))
    return max(at, shown.errand.began) if shown.errand.anew and at > shown.errand.began - LEEWAY else at


CHECKS: tuple[Callable[[Shown], None], ...] = (
    it_is_from_this_issuer,
    it_has_a_subject,
    it_is_for_us_alone,
    it_is_in_time,
    it_answers_our_question,
    it_belongs_to_the_access_token,
    he_signed_in_lately,
)
