"""Which addresses a service may register, and when two mean the same place (RFC 9700 2.1, RFC 8252 7.3)."""

import re
from urllib.parse import urlsplit

# Literal addresses; the name localhost may resolve elsewhere (RFC 8252 7.3).
_LOOPBACK_URI = re.compile(r"http://(?P<host>127\.0\.0\.1|\[::1\])(?::[1-9][0-9]{0,4})?(?P<rest>/[!-~]*|)")


def safe_uri(uri: str, *, native: bool) -> bool:
    """True for https without fragment or user; http on this very machine only (demo sites, native programs)."""
    if not re.fullmatch(r"[!-~]{1,2000}", uri) or "\\" in uri or "#" in uri:
        return False
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or parts.username is not None or parts.password is not None or "*" in parts.netloc:
        return False
    if native and _LOOPBACK_URI.fullmatch(uri):
        return True
    return parts.scheme == "https" or (parts.scheme == "http" and host in ("localhost", "127.0.0.1", "::1"))


def same_but_port(uri: str, registered: str) -> bool:
    """Compare two loopback URIs, leaving out the port (RFC 8252 7.3)."""
    known = _LOOPBACK_URI.fullmatch(registered)
    asked = _LOOPBACK_URI.fullmatch(uri)
    return bool(known and asked and known["host"] == asked["host"] and known["rest"] == asked["rest"])
