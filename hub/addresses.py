"""Which host an outgoing call may reach, and at which address: the rules against server-side request forgery."""

import ipaddress
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from hub.problems import Problem

Resolve = Callable[[str, int], list[str]]
NAT64 = ipaddress.ip_network("64:ff9b::/96")


class AddressRefused(Problem):
    """Outgoing calls may not go there."""

    status = 502
    title = "This address may not be called"
    advice = "An operator may add the host to YINXIN_ALLOWED_HOSTS."


@dataclass(frozen=True)
class Allowed:
    """The hosts that may be called: `host`, `host:port`, `.suffix` (every host below), `*` (every public address).

    `development`: every host at every address of this machine and its network, whoever signed its certificate.
    `inside`: False where a stranger chose the host: then no entry leads to a private address.
    """

    entries: frozenset[str]
    development: bool = False
    inside: bool = True

    @classmethod
    def of(cls, names: Iterable[str], *, development: bool = False) -> "Allowed":
        """Read entries as an operator writes them."""
        return cls(frozenset(name.strip().lower().rstrip(".") for name in names if name.strip()), development)

    def named(self, host: str, port: int) -> bool:
        """Say whether an entry names this host: then its address may be a private one."""
        if self.development:
            return True
        host = host.lower().rstrip(".")
        if host in self.entries or f"{host}:{port}" in self.entries:
            return True
        parts = host.split(".")
        return any("." + ".".join(parts[at:]) in self.entries for at in range(1, len(parts)))

    def addresses(self, host: str, port: int, resolve: Resolve) -> list[str]:
        """Resolve a host once and give the addresses to connect to. Raises AddressRefused if one of them is not allowed."""
        named = self.named(host, port)
        if not named and "*" not in self.entries:
            raise AddressRefused("%(host)s is not among the allowed hosts", host=f"{host}:{port}")
        private = named and (self.inside or self.development)
        found = resolve(host, port)
        for address in found:
            if not may_connect(address, named=private):
                raise AddressRefused("%(host)s leads to an address that is not public", host=f"{host}:{port}")
        return found


def may_connect(address: str, *, named: bool) -> bool:
    """Say whether this address may be connected to: public always, private and loopback only for a host named by entry."""
    ip = _plain(ipaddress.ip_address(address.split("%", 1)[0]))
    if ip.is_link_local or ip.is_multicast or ip.is_unspecified:
        return False  # link-local holds the clouds' metadata services: nobody has a reason to go there
    if ip.is_loopback or ip.is_private:
        return named
    return ip.is_global and not ip.is_reserved


def _plain(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Look through the IPv6 forms that carry an IPv4 address: mapped, 6to4, Teredo, NAT64."""
    if isinstance(ip, ipaddress.IPv4Address):
        return ip
    if ip in NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else ip)


def resolve(host: str, port: int) -> list[str]:
    """Ask the system's resolver. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
