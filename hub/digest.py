"""How we keep a secret that somebody carries: cookies, codes, tokens, links."""

import hashlib


def digest_of(secret: str) -> str:
    """By what a long random secret is kept and found again: whoever reads our tables can use none (ASVS 11.4.1).

    Whatever is typed or sent in has a digest, half of a surrogate pair too. What can be guessed needs `hub.vault.blind`.
    """
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
