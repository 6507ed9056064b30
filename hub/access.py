"""Whether an access token that somebody shows lets him in: the checks of a resource server. Pure, without a house.

Our own APIs and `yinxin.rs` use the same functions. They raise `Denied`, which says how to answer (RFC 6750 3, RFC 9449 7.1,
RFC 9470 3); who is let in stands in the claims.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from joserfc.jwk import ECKey, OKPKey, RSAKey

from hub import dpop

LONGEST = 8192  # characters of an access token
LONGEST_SCOPE = 4096
LEEWAY = 10  # seconds a token may come from the future: clocks of two machines differ
ALGORITHMS = ("ES256",)  # of our access tokens
CONFIRMATIONS = {"jkt", "x5t#S256"}
Claims = dict[str, Any]
Key = ECKey | RSAKey | OKPKey


class Denied(Exception):
    """The request is not let in. `error` is the code of the standard, empty where no token was shown."""

    def __init__(
        self,
        error: str,
        why: str,
        *,
        status: int = 401,
        scope: str = "",
        acr_values: Sequence[str] = (),
        max_age: int | None = None,
    ) -> None:
        super().__init__(f"{error}: {why}" if error else why)
        self.error, self.why, self.status = error, why, status
        self.scope, self.acr_values, self.max_age = scope, tuple(acr_values), max_age


@dataclass(frozen=True)
class Shown:
    """What a request shows: a token, how it is meant to be used, and proofs of the key that it is bound to."""

    token: str
    scheme: str  # "bearer", "dpop", or nothing
    method: str
    urls: tuple[str, ...]  # the names of the address that was asked
    proofs: tuple[str, ...] = ()
    certificate: bytes = b""  # DER

    @classmethod
    def of(
        cls,
        authorization: str,
        *,
        method: str,
        urls: Sequence[str],
        proofs: Sequence[str] = (),
        certificate: bytes = b"",
    ) -> "Shown":
        """What the headers of a request show. A token stands in the Authorization header, never in the address."""
        kind, _, token = authorization.partition(" ")
        scheme = kind.lower() if kind.lower() in ("bearer", "dpop") else ""
        return cls(token.strip() if scheme else "", scheme, method, tuple(urls), tuple(proofs), certificate)


def signed(
    token: str, key_of: Callable[[str], Key | None], *, typ: str = "at+jwt", algorithms: Sequence[str] = ALGORITHMS
) -> Claims:
    """The claims of a JWT that one of these keys signed and that is of this type (RFC 8725 3.11, RFC 9068 4). Raises Denied."""
    if not token:
        raise Denied("", MISSING)
    try:
        header = dpop.header_of(token, longest=LONGEST)
    except ValueError as error:
        raise Denied("invalid_token", DAMAGED) from error
    if (
        set(header) - {"alg", "typ", "kid"}
        or header.get("alg") not in algorithms
        or not _is(header.get("typ", "JWT"), typ)
    ):
        raise Denied("invalid_token", NOT_OURS)
    kid = header.get("kid")
    key = key_of(kid) if isinstance(kid, str) and len(kid) <= 256 else None
    if key is None:
        raise Denied("invalid_token", NOT_OURS)
    try:
        return dpop.claims_of(token, key, algorithms)
    except ValueError as error:
        raise Denied("invalid_token", DAMAGED) from error


def current(claims: Mapping[str, Any], *, issuer: str, audiences: Sequence[str], now: float) -> None:
    """Refuse claims of another issuer, for another service, or of another time (RFC 9068 4). Raises Denied."""
    if claims.get("iss") != issuer:
        raise Denied("invalid_token", ELSEWHERE)
    named = claims.get("aud")
    if not {one for one in (named if isinstance(named, list) else [named]) if isinstance(one, str)} & set(audiences):
        raise Denied("invalid_token", FOR_ANOTHER)
    if not _is_number(claims.get("exp")) or now >= claims["exp"]:
        raise Denied("invalid_token", EXPIRED)
    begins = [claims[name] for name in ("iat", "nbf") if name in claims]
    if any(not _is_number(one) or one > now + LEEWAY for one in begins):
        raise Denied("invalid_token", TOO_EARLY)


def held(
    shown: Shown,
    claims: Mapping[str, Any],
    *,
    now: float,
    once: Callable[[str, int], bool],
    algorithms: Sequence[str] = dpop.ALGORITHMS,
    nonce_fits: Callable[[str], bool] | None = None,
    nonce_needed: bool = False,
) -> None:
    """Refuse a bound token from anybody who does not show its key (RFC 9449 7.1, RFC 8705 3). Raises Denied.

    `once(name, seconds)` says whether nobody named this within so many seconds: a proof counts once.
    """
    cnf = claims.get("cnf", {})
    if not isinstance(cnf, dict) or set(cnf) - CONFIRMATIONS or ("cnf" in claims and not cnf):
        raise Denied("invalid_token", WRONG_KEY)
    if shown.scheme == "dpop" and "jkt" not in cnf:
        raise Denied("invalid_token", NOT_BOUND)
    if "x5t#S256" in cnf and (not shown.certificate or cnf["x5t#S256"] != dpop.digest(shown.certificate)):
        raise Denied("invalid_token", WRONG_KEY)
    if "jkt" not in cnf:
        return
    if shown.scheme != "dpop":
        raise Denied("invalid_token", NEEDS_PROOF)
    proof = _proof(shown, now, algorithms, nonce_fits=nonce_fits, nonce_needed=nonce_needed)
    if proof.jkt != cnf["jkt"]:
        raise Denied("invalid_token", WRONG_KEY)
    if not once(proof.once, proof.seconds):
        raise Denied("invalid_dpop_proof", WRONG_PROOF)


def allows(
    claims: Mapping[str, Any],
    *,
    now: float,
    scope: str = "",
    acr_values: Sequence[str] = (),
    max_age: int | None = None,
) -> None:
    """Refuse a token that was not granted for this, or whose person signed in too weakly or too long ago. Raises Denied.

    `scope` may name several, with blanks between; of `acr_values` any one will do (RFC 9470 3, 4).
    """
    granted = claims.get("scope", "")
    granted = granted.split() if isinstance(granted, str) and len(granted) <= LONGEST_SCOPE else []
    if not set(scope.split()) <= set(granted):
        raise Denied("insufficient_scope", LACKS_SCOPE, status=403, scope=scope)
    weak = bool(acr_values) and claims.get("acr") not in acr_values
    at = claims.get("auth_time")
    old = max_age is not None and not (isinstance(at, int | float) and now - at <= max_age + LEEWAY)
    if weak or old:
        raise Denied("insufficient_user_authentication", TOO_WEAK, acr_values=acr_values, max_age=max_age)


def challenge(
    denied: Denied, shown: Shown | None, *, algorithms: Sequence[str] = dpop.ALGORITHMS, metadata: str = ""
) -> str:
    """The WWW-Authenticate header of a refusal: first how the token should have been shown (RFC 6750 3, RFC 9449 7.1).

    `metadata` is where the resource describes itself (RFC 9728 5.1).
    """
    said = {"error": denied.error, "error_description": denied.why if denied.error else "", "scope": denied.scope}
    said |= {"acr_values": " ".join(denied.acr_values)}
    said |= {"max_age": str(denied.max_age)} if denied.max_age is not None else {}
    said |= {"resource_metadata": metadata}
    told = [f'{name}="{value}"' for name, value in said.items() if value]
    algs = f'algs="{" ".join(algorithms)}"'
    by_proof = (shown is not None and shown.scheme == "dpop") or denied.why == NEEDS_PROOF
    if by_proof:
        return "DPoP " + ", ".join([*told, algs])
    return " ".join(["Bearer", ", ".join(told)]).strip() + f", DPoP {algs}"


# -- why not, in words that an integrator can look for

MISSING = "Send an access token in the Authorization header"
NOT_OURS = "The token is not one of ours"
DAMAGED = "The token is damaged or forged"
ELSEWHERE = "The token was issued by someone else"
FOR_ANOTHER = "The token is meant for another service"
EXPIRED = "The token has expired"
TOO_EARLY = "The token is not valid yet"
REVOKED = "The token was revoked"
NOT_BOUND = "The token is not bound to a key; show it as a bearer token"
NEEDS_PROOF = "The token is bound to a key; show it with a proof of that key"
WRONG_KEY = "The token is bound to another key"
WRONG_PROOF = "The proof of possession is missing, wrong or was used before"
NEEDS_NONCE = "The proof needs the nonce of the DPoP-Nonce header"
LACKS_SCOPE = "The token lacks a scope that is needed here"
TOO_WEAK = "The person must sign in again, or more strongly"


# -- inside


def _proof(
    shown: Shown,
    now: float,
    algorithms: Sequence[str],
    *,
    nonce_fits: Callable[[str], bool] | None,
    nonce_needed: bool,
) -> dpop.Proof:
    try:
        return dpop.check(
            shown.proofs,
            method=shown.method,
            urls=shown.urls,
            now=now,
            algorithms=algorithms,
            token=shown.token,
            nonce_fits=nonce_fits,
            nonce_needed=nonce_needed,
        )
    except dpop.NonceNeeded as error:
        raise Denied("use_dpop_nonce", NEEDS_NONCE) from error
    except dpop.ProofWrong as error:
        raise Denied("invalid_dpop_proof", WRONG_PROOF) from error


def _is(typ: Any, wanted: str) -> bool:
    """Types of tokens are compared without case, and without the prefix that may be left out (RFC 7515 4.1.9)."""
    return isinstance(typ, str) and typ.lower().removeprefix("application/") == wanted.lower()


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
