"""Which places may be asked: the spelling of a URL, and every address behind its name."""

import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import (
    AddressValueError,
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
)
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Final, TypeAlias

import httpx

from integrations.fetch.pace import Deadline
from integrations.marketplaces.base import TurnedDown, Unreachable

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network
Resolver: TypeAlias = Callable[[str, int], Sequence[str]]

_PORTS: Final = {"http": 80, "https": 443}
# RFC 4291 section 2.4 and the IANA registry: nothing outside this block is global unicast today.
_GLOBAL_UNICAST: Final = IPv6Network("2000::/3")
_NAT64: Final = IPv6Network("64:ff9b::/96")
_NAT64_LOCAL: Final = IPv6Network("64:ff9b:1::/48")
# Global by the letter of Python 3.11's tables, and yet nobody's server.
_NOBODYS: Final[Sequence[Network]] = (IPv4Network("192.88.99.0/24"), IPv6Network("3fff::/20"))
_NAME: Final = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?")
_NUMBER: Final = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*")


@dataclass(frozen=True, slots=True)
class Place:
    """A host and port with the very addresses that were judged. Nothing else is connected to."""

    host: str
    port: int
    addresses: tuple[str, ...]
    ours: bool
    """Every address lies in a network that the settings name."""


def carried(address: Address) -> list[IPv4Address]:
    """The IPv4 addresses that an IPv6 address is another spelling of, or a tunnel to."""
    if isinstance(address, IPv4Address):
        return []
    inner = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64 or address in _NAT64_LOCAL:
        inner.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return [one for one in inner if one is not None]


def is_public(address: Address) -> bool:
    if not all(is_public(inner) for inner in carried(address)):
        return False
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None or address in _NAT64:
            return True
        if address not in _GLOBAL_UNICAST:
            return False
    if any(address in network for network in _NOBODYS):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved)


def parsed(url: str | httpx.URL) -> httpx.URL:
    """The URL if its spelling is one that we follow; a `TurnedDown` if not."""
    try:
        # Twice, because the first reading drops a default port only from a lower-case scheme.
        target = httpx.URL(str(httpx.URL(url)))
    except (httpx.InvalidURL, ValueError) as error:
        raise TurnedDown("url", seen=str(error)) from error
    if target.scheme not in _PORTS:
        raise TurnedDown("scheme", scheme=target.scheme)
    if target.userinfo:
        raise TurnedDown("userinfo", host=target.host)
    host = target.raw_host.decode("ascii")
    if not _is_plain(host):
        raise TurnedDown("address", host=host, seen="spelling")
    if not 0 < port_of(target) < 1 << 16:
        raise TurnedDown("port", port=port_of(target))
    return target


def port_of(url: httpx.URL) -> int:
    return _PORTS[url.scheme] if url.port is None else url.port


def _is_plain(host: str) -> bool:
    """False for decimal, hexadecimal, octal and shortened IPv4, zone ids and odd characters."""
    try:
        if ":" in host:
            return "%" not in host and bool(IPv6Address(host))
        if _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]):
            return str(IPv4Address(host)) == host
    except AddressValueError:
        return False
    return _NAME.fullmatch(host) is not None


def system_resolver(host: str, port: int) -> Sequence[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(info[4][0]) for info in found))


class Guard:
    """Judges addresses: public ones at the web's own ports, named networks at any port."""

    def __init__(
        self,
        networks: Sequence[Network],
        ports: Sequence[int],
        resolver: Resolver = system_resolver,
    ) -> None:
        self._networks = networks
        self._ports = ports
        self._resolver = resolver

    def locate(self, url: httpx.URL, deadline: Deadline) -> Place:
        """Look the host up, once, and judge every address that comes back."""
        host, port = url.raw_host.decode("ascii"), port_of(url)
        addresses = tuple(self._look_up(host, port, deadline))
        if not addresses:
            raise Unreachable("dns", host=host, seen="no address")
        for address in addresses:
            self.judge(address, port)
        return Place(host, port, addresses, all(self._is_ours(one) for one in addresses))

    def judge(self, address: str, port: int) -> None:
        if self._is_ours(address):
            return
        if not is_public(ip_address(address)):
            raise TurnedDown("address", address=address)
        if port not in self._ports:
            raise TurnedDown("port", port=port)

    def _is_ours(self, address: str) -> bool:
        given = ip_address(address)
        mapped = given.ipv4_mapped if isinstance(given, IPv6Address) else None
        return any((mapped or given) in network for network in self._networks)

    def _look_up(self, host: str, port: int, deadline: Deadline) -> Sequence[str]:
        try:
            return [str(ip_address(host))]
        except ValueError:
            pass  # a name, then
        answers = _Answers()

        def ask() -> None:
            try:
                answers.put(self._resolver(host, port))
            except (OSError, UnicodeError) as error:
                answers.put(error)

        # The system's look-up cannot be called off. It is left behind when time is up.
        Thread(target=ask, name=f"look up {host}", daemon=True).start()
        answer = _awaited(answers, deadline)
        if isinstance(answer, OSError | UnicodeError):
            raise Unreachable("dns", host=host, seen=str(answer)) from answer
        return answer


_Answers: TypeAlias = SimpleQueue[Sequence[str] | OSError | UnicodeError]


def _awaited(answers: _Answers, deadline: Deadline) -> Sequence[str] | OSError | UnicodeError:
    while True:
        try:
            return answers.get(timeout=deadline.glance())
        except Empty:
            continue
        except Unreachable:
            raise Unreachable("deadline", seen="dns") from None
